import { readStamps } from "../commit/read-stamps.js";
import type { CommittedStamp } from "../core/change.js";
import type { SessionRecord } from "../core/session.js";
import type { Controller } from "./controller.js";

/**
 * What this session's own commits wrote: not edits by a person. Workspaces are numbered as in `record`. What other
 * sessions committed meanwhile counts as an edit: two tasks that change one path are a conflict.
 */
export async function readStampsSince(
  controller: Controller,
  record: SessionRecord,
): Promise<readonly CommittedStamp[]> {
  const { commits } = await controller.store.listCommits();
  return commits
    .filter((commit) => commit.session === record.session && commit.state !== "open")
    .flatMap((commit) => readStamps(controller.store.commitDir(commit.commit)));
}
