import { createHash } from "node:crypto";
import type { BaseState, Change, Changeset, NextState, Notice } from "../../src/core/change.js";
import { toDigest } from "../../src/core/ids.js";
import { encodeName, type RelPath } from "../../src/core/path.js";

/** A digest of anything. */
export function digestOf(bytes: Uint8Array | string) {
  return toDigest(createHash("sha256").update(bytes).digest("hex"));
}

/** The state of a file before, as the overlay reads it. */
export function base(o: Partial<BaseState> = {}): BaseState {
  return {
    type: "file",
    mode: 0o644,
    uid: 1000,
    gid: 1000,
    size: 0,
    mtimeNs: "0",
    ctimeNs: "0",
    ino: "1",
    dev: "1",
    nlink: 1,
    ...o,
  };
}

/** The state a task left. */
export function next(o: Partial<NextState> = {}): NextState {
  return {
    type: "file",
    mode: 0o644,
    uid: "user",
    gid: "user",
    size: 0,
    mtimeNs: "0",
    upper: { ino: "2", ctimeNs: "0" },
    ...o,
  };
}

/** One change; its kind follows from the sides that are given. */
export function change(
  path: string,
  o: { before?: BaseState; after?: NextState; workspace?: number },
): Change {
  const { workspace = 0, ...states } = o;
  const both = o.before !== undefined && o.after !== undefined;
  const kind = both ? "modify" : o.after === undefined ? "delete" : "add";
  const digest = digestOf(encodeName(path));
  return { workspace, path: path as RelPath, kind, ...states, digest };
}

/** A changeset of these changes. */
export function changeset(changes: readonly Change[], notices: readonly Notice[] = []): Changeset {
  return {
    schema: "changeset/1",
    workspaces: ["/w/project", "/w/second"],
    changes,
    notices,
    digest: digestOf("all"),
  };
}

/** A file that was added, changed or deleted, with its content. */
export function fileChange(
  path: string,
  content: { before?: string | Uint8Array; after?: string | Uint8Array },
  modes: { before?: number; after?: number } = {},
) {
  const before = content.before === undefined ? undefined : Buffer.from(content.before);
  const after = content.after === undefined ? undefined : Buffer.from(content.after);
  return {
    change: change(path, {
      ...(before && {
        before: base({
          size: before.length,
          digest: digestOf(before),
          mode: modes.before ?? 0o644,
        }),
      }),
      ...(after && {
        after: next({ size: after.length, digest: digestOf(after), mode: modes.after ?? 0o644 }),
      }),
    }),
    content: { ...(before && { before }), ...(after && { after }) },
  };
}
