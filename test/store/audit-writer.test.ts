import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { appendAudit } from "../../src/store/audit/append-audit.js";
import { openAuditWriter } from "../../src/store/audit/open-audit-writer.js";
import { verifyAudit } from "../../src/store/audit/verify-audit.js";
import { openTempDir } from "../support/temp-tree.js";

test("appends at once are all in the log, in order, beside those of others, and are signed at the end", async () => {
  using dir = openTempDir();
  {
    await using writer = openAuditWriter(dir.path);
    const many = Array.from({ length: 500 }, (_, at) =>
      writer.append({ event: "group.one", data: { at } }),
    );
    // The same process writes otherwise meanwhile: nobody waits for anybody.
    appendAudit(dir.path, { event: "alone.one" }, { durable: false });
    await Promise.all(many);
    appendAudit(dir.path, { event: "alone.two" }, { durable: false });
    await writer.append({ event: "group.last" });
  }
  const lines = readFileSync(path.join(dir.path, "audit/log.jsonl"), "utf8").trim().split("\n");
  const places = lines.flatMap((line) => JSON.parse(line).data?.at ?? []);
  assert.deepEqual(places, [...places.keys()]);
  const { problem, records, unsigned } = verifyAudit(dir.path, () => {});
  assert.deepEqual([problem, records, unsigned], [undefined, 503, 0]);
});

test("an append that cannot be written is refused, and a later one is not", async () => {
  using dir = openTempDir();
  await using writer = openAuditWriter(dir.path);
  mkdirSync(path.join(dir.path, "audit/log.jsonl"), { recursive: true });
  await assert.rejects(writer.append({ event: "one" }), { code: "unexpected", message: /EISDIR/ });
  rmSync(path.join(dir.path, "audit/log.jsonl"), { recursive: true });
  await writer.append({ event: "two" });
  assert.equal(verifyAudit(dir.path, () => {}).records, 1);
});
