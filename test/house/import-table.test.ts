import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project-root.js";

const script = (name: string) => path.join(projectRoot, "scripts", name);

/** Runs the check over a made src/ and gives the lines it printed: none means that it passed. */
function check(files: Readonly<Record<string, string>>): readonly string[] {
  const root = mkdtempSync(path.join(tmpdir(), "sbx-imports-"));
  try {
    for (const [name, text] of Object.entries({ ...sound, ...files })) {
      const file = path.join(root, "src", name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    const result = spawnSync(process.execPath, [script("check-imports.mjs"), root], {
      encoding: "utf8",
    });
    const lines = result.stderr.split("\n").filter((line) => line !== "");
    assert.equal(result.status, lines.length === 0 ? 0 : 1, result.stderr);
    return lines;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A small program in which every allowed kind of import occurs. */
const sound = {
  "core/ids.ts": `export type Id = string;\n`,
  "host/native.ts": `import { spawn } from "node:child_process";\nimport type { Id } from "../core/ids.js";\nexport const a: Id = String(spawn);\nconst b = require("koffi");\n`,
  "policy/decide.ts": `import path from "node:path";\nimport { z } from "zod";\nimport type { Id } from "../core/ids.js";\nexport const a: Id = path.sep + z;\n`,
  "overlay/open.ts": `import fs from "node:fs";\nimport {\n  a,\n} from "../host/native.js";\nexport const b = fs + a;\n`,
  "engine/engine.ts": `export interface Engine {}\n`,
  "engine/oci/open.ts": `import type { Engine } from "../engine.js";\nimport { a } from "../../host/native.js";\nexport const o: Engine = a;\n`,
  "controller/run.ts": `import type { Engine } from "../engine/engine.js";\nexport * from "../overlay/open.js";\nexport async function run(): Promise<Engine> {\n  const { decide } = await import("../policy/decide.js");\n  return decide;\n}\n`,
  "review/render.ts": `import { diffLines } from "diff";\nexport { type Id } from "../core/ids.js";\nexport const r = diffLines;\n`,
  "cli/main.ts": `import { o } from "../engine/oci/open.js";\nimport { run } from "../controller/run.js";\nimport "../review/render.js";\nrun(o);\n`,
};

test("accepts every import that the table allows", () => {
  assert.deepEqual(check({}), []);
});

const refusals: readonly [string, string, string, RegExp][] = [
  [
    "a folder's import",
    "overlay/x.ts",
    `import { a } from "../commit/plan.js";`,
    /is no file of src/,
  ],
  [
    "core importing anything",
    "core/x.ts",
    `import { a } from "../host/native.js";`,
    /core\/ may not import host/,
  ],
  [
    "a type alone",
    "policy/x.ts",
    `import type { Engine } from "../engine/engine.js";`,
    /policy\/ may not import engine/,
  ],
  [
    "a type inside an expression",
    "policy/x.ts",
    `export type E = import("../engine/engine.js").Engine;`,
    /policy\/ may not import engine/,
  ],
  [
    "a dynamic import",
    "overlay/x.ts",
    `const m = await import("../engine/engine.js");`,
    /overlay\/ may not import engine/,
  ],
  [
    "a re-export",
    "review/x.ts",
    `export { b } from "../overlay/open.js";`,
    /review\/ may not import overlay/,
  ],
  [
    "a re-export of everything",
    "review/x.ts",
    `export * from "../overlay/open.js";`,
    /review\/ may not import overlay/,
  ],
  [
    "an import for its effects",
    "core/x.ts",
    `import "../host/native.js";`,
    /core\/ may not import host/,
  ],
  [
    "one over several lines",
    "engine/x.ts",
    `import {\n  b,\n} from "../overlay/open.js";`,
    /engine\/ may not import overlay/,
  ],
  [
    "the controller reaching an engine",
    "controller/x.ts",
    `import { o } from "../engine/oci/open.js";`,
    /controller\/ may not import engine\/oci/,
  ],
  [
    "the command line reaching an engine",
    "cli/x.ts",
    `import { a } from "../host/native.js";`,
    /cli\/ may not import host/,
  ],
  [
    "processes outside host",
    "engine/x.ts",
    `import { spawn } from "node:child_process";`,
    /is for host, not for engine/,
  ],
  [
    "processes by require",
    "commit/x.ts",
    `const cp = require("node:child_process");`,
    /is for host, not for commit/,
  ],
  [
    "I/O in policy",
    "policy/x.ts",
    `import { readFileSync } from "node:fs";`,
    /policy\/ has no I\/O/,
  ],
  ["I/O in review", "review/x.ts", `import net from "node:net";`, /review\/ has no I\/O/],
  [
    "a library out of its room",
    "cli/x.ts",
    `import koffi from "koffi";`,
    /"koffi" is for host, not for cli/,
  ],
  [
    "a library's inner path",
    "store/x.ts",
    `import { x } from "hono/cors";`,
    /"hono" is for web, not for store/,
  ],
  [
    "a library without a room",
    "cli/x.ts",
    `import _ from "lodash";`,
    /"lodash" is no library with a room/,
  ],
  [
    "an unprefixed Node module",
    "host/x.ts",
    `import fs from "fs";`,
    /"fs" is no library with a room/,
  ],
  ["import() of a variable", "cli/x.ts", `const m = await import(name);`, /is no literal/],
  ["a back door", "cli/x.ts", `const fs = process.getBuiltinModule("fs");`, /way around/],
  [
    "an import it cannot read",
    "core/x.ts",
    `import { a, // it's\n} from "../host/native.js";`,
    /cannot be read/,
  ],
  ["an unknown folder", "utils/x.ts", `export const a = 1;`, /no folder of the import table/],
  ["a third level", "engine/oci/deep/x.ts", `export const a = 1;`, /two levels deep/],
  ["src itself as a folder", "x.ts", `export const a = 1;`, /no folder of the import table/],
];

for (const [name, file, text, expected] of refusals) {
  test(`refuses ${name}`, () => {
    const lines = check({ [file]: `${text}\n` });
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0] ?? "", expected);
    assert.ok(lines[0]?.startsWith(`src/${file}: `));
  });
}

test("refuses a cycle, also one of types", () => {
  const lines = check({
    "core/a.ts": `import type { B } from "./b.js";\nexport type A = B;\n`,
    "core/b.ts": `import type { A } from "./a.js";\nexport type B = A;\n`,
  });
  assert.deepEqual(lines, ["src/core/a.ts: import cycle: core/a.ts → core/b.ts → core/a.ts"]);
});

test("the editor's rules say the same as the table", () => {
  const result = spawnSync(process.execPath, [script("write-biome-overrides.mjs"), "--check"], {
    encoding: "utf8",
  });
  assert.equal(result.status, 0, result.stderr);
});
