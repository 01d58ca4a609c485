import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import type { BaseState, NextState, Xattrs } from "../../src/core/change.js";
import {
  type ChangeContent,
  toChangeDigest,
  toChangesetDigest,
} from "../../src/core/changeset-digest.js";
import { parseDigest, toDigest } from "../../src/core/ids.js";
import type { RelPath } from "../../src/core/path.js";

const digest = toDigest("0123456789abcdef".repeat(4));
const base: BaseState = {
  ...{ type: "file", mode: 0o644, uid: 1, gid: 2, size: 7, nlink: 1, digest },
  ...{ mtimeNs: "1", ctimeNs: "2", ino: "3", dev: "4" },
};
const next: NextState = {
  ...{ type: "file", mode: 0o755, uid: "base", gid: 5, size: 9, mtimeNs: "6", digest },
  upper: { ino: "7", ctimeNs: "8" },
};

/** The bytes that are hashed, as the doc comment says them: one line of JSON with every field in a fixed place. */
function describe({ workspace, path, kind, before, after }: ChangeContent): string {
  const pairs = (xattrs: Xattrs | undefined) =>
    Object.entries(xattrs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    ...["change/1", workspace, path, kind],
    before === undefined
      ? null
      : [
          before.type,
          before.type === "file" ? before.size : null,
          before.digest ?? null,
          before.target ?? null,
        ],
    after === undefined
      ? null
      : [
          ...[after.type, after.mode, after.uid, after.gid],
          ...[after.digest ?? null, after.target ?? null],
          ...[pairs(after.xattrs), after.linkGroup ?? null],
        ],
  ]);
}

test("the digest of a change is that of its fields as JSON, whatever they hold", () => {
  const odd = 'a"b\\c\n\udc80é' as RelPath;
  const { digest: _, ...bare } = base;
  const changes: readonly ChangeContent[] = [
    { workspace: 0, path: "a/b" as RelPath, kind: "modify", before: base, after: next },
    { workspace: 1, path: odd, kind: "add", after: { ...next, uid: "user", linkGroup: odd } },
    { workspace: 1, path: odd, kind: "delete", before: { ...bare, type: "dir" } },
    { workspace: 2, path: odd, kind: "delete", before: { ...bare, type: "symlink", target: odd } },
    {
      ...{ workspace: 0, path: "x" as RelPath, kind: "add" },
      after: { ...next, xattrs: { "user.b": 'v"', "user.a": "" }, type: "symlink", target: odd },
    },
  ];
  const sha256 = (text: string) => toDigest(createHash("sha256").update(text).digest("hex"));
  for (const change of changes) assert.equal(toChangeDigest(change), sha256(describe(change)));
  const many = Array.from({ length: 2500 }, (_, at) => ({ digest: sha256(`${at}`) }));
  const lines = ["changeset/1", ...many.map((one) => one.digest)];
  assert.equal(toChangesetDigest(many), sha256(lines.map((line) => `${line}\n`).join("")));
});

test("a digest is `sha256:` and 64 digits of lower case, nothing else", () => {
  assert.equal(parseDigest(digest), digest);
  const hex = digest.slice("sha256:".length);
  for (const text of ["", hex, `sha256:${hex}0`, `sha256:${hex.slice(1)}`, `SHA256:${hex}`])
    assert.equal(parseDigest(text), undefined);
  for (const other of ["A", "g", "/", ":", "`", "\n"])
    assert.equal(parseDigest(`sha256:${other}${hex.slice(1)}`), undefined);
});
