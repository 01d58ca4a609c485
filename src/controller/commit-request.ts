import type { SessionId } from "../core/ids.js";

/** What somebody wants to commit. Texts are host paths as a person writes them. */
export interface CommitRequest {
  readonly session: SessionId;
  /** None, and no `hunks`: every pending change. */
  readonly paths: readonly string[];
  /** `PATH:HUNKS` each: of this file only these parts. */
  readonly hunks?: readonly string[];
  /** Merge what the host changed too: where that leaves no conflict, or with conflict markers. */
  readonly merge?: "no" | "clean" | "markers";
  /** Left as they are in the workspace: the task's version stays in the session. */
  readonly ours?: readonly string[];
  /** The task's version is taken whatever the workspace has now. */
  readonly theirs?: readonly string[];
  /** Only what a review approved. */
  readonly reviewed?: boolean;
}
