import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeMetadata } from "../../src/review/merge-metadata.js";
import { base, next } from "./changes.js";

const KEPT = { uid: "base", gid: "base" } as const;
const was = base({ mode: 0o644, xattrs: { "user.a": "MQ==", "user.b": "MQ==" } });

test("takes of mode and attributes what one side alone changed", () => {
  const ours = { ...was, mode: 0o600, xattrs: { "user.a": "Mg==", "user.b": "MQ==" } };
  const theirs = next({ ...KEPT, mode: 0o644, xattrs: { "user.a": "MQ==", "user.c": "MQ==" } });
  assert.deepEqual(mergeMetadata(was, ours, theirs), {
    ...KEPT,
    mode: 0o600,
    xattrs: { "user.a": "Mg==", "user.c": "MQ==" },
  });
  const both = next({ ...KEPT, mode: 0o600, xattrs: ours.xattrs });
  assert.deepEqual(mergeMetadata(was, ours, both), {
    ...KEPT,
    mode: 0o600,
    xattrs: ours.xattrs,
  });
});

test("names what both sides changed, each in its own way", () => {
  const theirs = next({ ...KEPT, mode: 0o644, xattrs: was.xattrs ?? {} });
  assert.equal(mergeMetadata(was, { ...was, mode: 0o600 }, { ...theirs, mode: 0o755 }), "mode");
  assert.equal(mergeMetadata(was, { ...was, uid: 7 }, { ...theirs, uid: 8 }), "owner");
  assert.equal(mergeMetadata(was, { ...was, gid: 7 }, { ...theirs, gid: "user" }), "owner");
  const other = { ...theirs, xattrs: { ...theirs.xattrs, "user.a": "Mw==" } };
  for (const mine of [{ "user.a": "Mg==", "user.b": "MQ==" }, { "user.b": "MQ==" }])
    assert.equal(mergeMetadata(was, { ...was, xattrs: mine }, other), "attributes");
});
