import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";
import { type CommitId, parseCommitId } from "../core/ids.js";
import type { CommitRecord } from "../core/session.js";
import { readRecord, toDamaged } from "./read-record.js";
import { compare, type DamagedFile, listIds, toDamagedFile } from "./session-reader.js";
import { commitRecordSchema } from "./session-schema.js";
import type { StoreLayout } from "./store-layout.js";

/** All commits and rollbacks, oldest first, and what could not be read. */
export interface CommitList {
  readonly commits: readonly CommitRecord[];
  readonly damaged: readonly DamagedFile[];
}

/** See `Store.readCommit`. */
export function readCommit(layout: StoreLayout, id: CommitId): CommitRecord {
  const file = path.join(layout.commitDir(id), "commit.json");
  try {
    const record = readRecord(file, commitRecordSchema);
    if (record.commit !== id) throw toDamaged(file, `it is of the commit ${record.commit}`);
    return record;
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
    throw new SandboxError("not-found", `no commit ${id}`, {
      hint: "sandbox show SESSION names the commits of a session",
    });
  }
}

/** See `Store.listCommits`. */
export function listCommits(layout: StoreLayout): CommitList {
  const commits: CommitRecord[] = [];
  const damaged: DamagedFile[] = [];
  for (const id of listIds(layout.commits, parseCommitId)) {
    try {
      commits.push(readCommit(layout, id));
    } catch (error) {
      const file = toDamagedFile(error, path.join(layout.commitDir(id), "commit.json"));
      if (file !== undefined) damaged.push(file);
    }
  }
  commits.sort((a, b) => compare(a.createdAt, b.createdAt) || compare(a.commit, b.commit));
  return { commits, damaged };
}
