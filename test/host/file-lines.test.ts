import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { readFileLines } from "../../src/host/file-lines.js";
import { openTempDir } from "../support/temp-tree.js";

test("lines come whole, however they lie to the pieces that are read", () => {
  using dir = openTempDir();
  const file = path.join(dir.path, "lines");
  const lines = [
    "",
    "a".repeat(3 << 20),
    ...Array.from({ length: 3000 }, (_, at) => "ä€😀".repeat(at % 97)),
  ];
  const text = lines.map((line) => `${line}\n`).join("");
  writeFileSync(file, `${text}cut short`);
  const found = [...readFileLines(file)].map((line) => ({
    text: line.text,
    start: line.start,
  }));
  let start = 0;
  const wanted = lines.map((line) => {
    const one = { text: line, start };
    start += Buffer.byteLength(line) + 1;
    return one;
  });
  assert.deepEqual(found, wanted);
  let bytes = "";
  for (const line of readFileLines(file)) bytes += line.bytes.toString("utf8");
  assert.equal(bytes, text, "control: and nothing between them is lost");
});
