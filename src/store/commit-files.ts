import { randomBytes } from "../host/random-bytes.js";
import { closeSync, mkdirSync, openSync, readdirSync, unlinkSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../core/error.js";
import { type CommitId, parseCommitId, toCommitId } from "../core/ids.js";
import type { CommitRecord } from "../core/session.js";
import type { RelPath } from "../core/path.js";
import { syncDirectory, writeFileAtomic } from "../host/atomic-file.js";
import { makeStateHome } from "./state-home.js";
import type { StoreLayout } from "./store-layout.js";

/** What `createCommit` is given. */
export type CommitDraft = Omit<CommitRecord, "schema" | "commit" | "state" | "applied">;

/** See `Store.createCommit`. */
export function createCommit(layout: StoreLayout, draft: CommitDraft): CommitRecord {
  makeStateHome(layout.home);
  mkdirSync(layout.commits, { recursive: true, mode: 0o700 });
  const commit = reserve(layout);
  const record: CommitRecord = { schema: "commit/1", commit, ...draft, state: "open", applied: 0 };
  writeCommit(layout, record);
  syncDirectory(layout.commits);
  return record;
}

/** See `Store.updateCommit`. */
export function writeCommit(layout: StoreLayout, record: CommitRecord): void {
  const file = path.join(layout.commitDir(record.commit), "commit.json");
  writeFileAtomic(file, `${JSON.stringify(record, undefined, 1)}\n`);
}

/** Where a commit's composed content lies below its directory, until it is sealed. */
export const COMPOSED_DIR = "composed";

/** See `Store.writeComposed`. */
export function writeComposed(
  layout: StoreLayout,
  id: CommitId,
  contents: readonly Uint8Array[],
): readonly RelPath[] {
  if (contents.length === 0) return [];
  const dir = path.join(layout.commitDir(id), COMPOSED_DIR);
  mkdirSync(dir, { mode: 0o700 });
  return contents.map((bytes, index) => {
    writeFileAtomic(path.join(dir, `${index}`), bytes, { sync: false });
    return `${COMPOSED_DIR}/${index}` as RelPath;
  });
}

/** See `Store.markHot`. */
export function markHot(layout: StoreLayout, id: CommitId): void {
  mkdirSync(layout.hot, { recursive: true, mode: 0o700 });
  // A name is all there is to it, and a name is made whole or not at all.
  closeSync(openSync(path.join(layout.hot, id), "a", 0o600));
  syncDirectory(layout.hot);
}

/** See `Store.clearHot`. */
export function clearHot(layout: StoreLayout, id: CommitId): void {
  try {
    unlinkSync(path.join(layout.hot, id));
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return;
    throw error;
  }
  syncDirectory(layout.hot);
}

/** See `Store.listHot`. */
export function listHot(layout: StoreLayout): readonly CommitId[] {
  try {
    return readdirSync(layout.hot).flatMap((name) => parseCommitId(name) ?? []);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  }
}

function reserve(layout: StoreLayout): CommitId {
  for (;;) {
    const commit = toCommitId(randomBytes(10));
    try {
      mkdirSync(layout.commitDir(commit), { mode: 0o700 });
      return commit;
    } catch (error) {
      if (!hasErrno(error, "EEXIST")) throw error;
    }
  }
}
