import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import {
  OUTPUT_SCHEMAS,
  type OutputOf,
  toPublishedSchemas,
} from "../../src/cli/json/published-schemas.js";
import { type RelPath, toPathObject } from "../../src/core/path.js";
import { toProfileSchema } from "../../src/policy/profile/published-profile-schema.js";
import { projectRoot } from "../support/project-root.js";

const SCHEMAS = path.join(projectRoot, "schemas");
const DIGEST = `sha256:${"a".repeat(64)}`;
const AT = { workspace: "/w", path: "a.txt" };

test("the published schemas are those of the source", () => {
  const wanted = new Map([...toPublishedSchemas(), ["profile.1.json", toProfileSchema()]]);
  assert.deepEqual(readdirSync(SCHEMAS).sort(), [...wanted.keys()].sort());
  for (const [file, text] of wanted)
    assert.equal(
      readFileSync(path.join(SCHEMAS, file), "utf8"),
      text,
      `${file}: run node scripts/write-schemas.mjs`,
    );
});

test("each object of the contract has its schema, and each schema its name", () => {
  assert.deepEqual(Object.keys(OUTPUT_SCHEMAS).sort(), [
    "action",
    "answered",
    "approval",
    "approvals",
    "commit",
    "diff",
    "discard",
    "doctor",
    "error",
    "init",
    "log",
    "log-replay",
    "log-verify",
    "ls",
    "policy",
    "prune",
    "queue",
    "recover",
    "refresh",
    "report",
    "review",
    "rollback",
    "run",
    "sends",
    "show",
    "stop",
  ]);
  for (const [name, schema] of Object.entries(OUTPUT_SCHEMAS))
    assert.equal(schema.shape.schema.value, `${name}/1`);
});

test("what is published lets objects and enumerations grow", () => {
  for (const text of toPublishedSchemas().values()) {
    assert.doesNotMatch(text, /"additionalProperties": false/);
    for (const list of text.matchAll(/"enum": \[/g))
      assert.match(text.slice(list.index, list.index + 700), /More may come/);
  }
});

const change = {
  ...AT,
  kind: "modify",
  type: "file",
  before: { type: "file", mode: 0o644, uid: 0, gid: 0, size: 1, digest: DIGEST },
  after: { type: "file", mode: 0o755, uid: "base", gid: 1000, size: 2, digest: DIGEST },
  risks: [{ id: "newly-executable", level: "medium", reason: "it becomes executable" }],
  decision: "ask",
  ignored: false,
  conflict: "changed on the host",
} satisfies OutputOf<"diff">["changes"][number];
const run = {
  schema: "run/1",
  session: "s-abcdefghij",
  state: "pending",
  outcome: "exited",
  exit: { code: 0 },
  durationMs: 12.5,
  engine: "oci",
  runtime: "crun",
  digest: DIGEST,
  changes: { added: 1, modified: 0, deleted: 0 },
  risks: { high: 0, medium: 0, low: 1 },
} satisfies OutputOf<"run">;

test("accepts what the contract shows", () => {
  const commit = {
    schema: "commit/1",
    commit: "c-abcdefghij",
    session: "s-abcdefghij",
    digest: DIGEST,
    applied: [AT],
    skipped: [],
    conflicts: [{ ...AT, reason: "x" }],
  };
  OUTPUT_SCHEMAS.diff.parse({
    schema: "diff/1",
    session: "s-abcdefghij",
    digest: DIGEST,
    changes: [change],
  });
  OUTPUT_SCHEMAS.run.parse({ ...run, commit });
  OUTPUT_SCHEMAS.commit.parse(commit);
  OUTPUT_SCHEMAS.error.parse({
    schema: "error/1",
    error: { code: "usage", message: "x", hint: "y" },
  });
  const raw = toPathObject("/w", "raw\udcff" as RelPath);
  OUTPUT_SCHEMAS.diff.shape.changes.element.parse({ ...change, ...raw });
});

test("refuses what the contract does not have", () => {
  const { diff, run: runs } = OUTPUT_SCHEMAS;
  const parse = (over: object) =>
    diff.shape.changes.element.safeParse({ ...change, ...over }).success;
  assert.equal(parse({}), true);
  assert.equal(parse({ secret: 1 }), false);
  assert.equal(parse({ kind: "rename" }), false);
  assert.equal(parse({ pathBase64: "not base64" }), false);
  assert.equal(parse({ before: { ...change.before, digest: "md5:x" } }), false);
  assert.equal(runs.safeParse(run).success, true);
  assert.equal(runs.safeParse({ ...run, session: "s-1" }).success, false);
});
