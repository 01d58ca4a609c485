import { existsSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import type { Changeset } from "../core/change.js";
import { syncDirectory, writeFileAtomic } from "../host/atomic-file.js";
import { toChangesetLines } from "./changeset-lines.js";

const STAGED = "changeset.next.json";

/** See `Store.stageChangeset`. `dir` is the session's. */
export function stageChangeset(dir: string, changeset: Changeset): void {
  writeFileAtomic(stagedFile(dir), toChangesetLines(changeset));
}

/** Where the staged changeset of a session is, if there is one. */
export function stagedFile(dir: string): string {
  return path.join(dir, STAGED);
}

/** True where a changeset was staged and neither adopted nor dropped. */
export function hasStaged(dir: string): boolean {
  return existsSync(stagedFile(dir));
}

/** Removes what was staged, if anything. */
export function dropStaged(dir: string): void {
  rmSync(stagedFile(dir), { force: true });
}

/** Puts what was staged in the place of `file`, durably. */
export function placeStaged(dir: string, file: string): void {
  renameSync(stagedFile(dir), path.join(dir, file));
  syncDirectory(dir);
}
