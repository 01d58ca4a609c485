import type { Digest } from "./ids.js";

/** How a conflict inside a file is settled: by what the workspace has, by the task's, or by neither. */
export type ConflictChoice = "ours" | "theirs" | "markers";

/** A person's answer to one change, bound to its digest: for another change it means nothing. */
export type SavedDecision = { readonly change: Digest } & (
  | { readonly verdict: "approve" | "reject" }
  /**
   * Some edits of a text file (see `review/file-hunks.ts`); `metadata`: its mode, owner and attributes too. `unanswered`: those that
   * nobody has answered yet, where a review was left in the middle of the file; they are not approved.
   */
  | {
      readonly verdict: "edits";
      readonly edits: readonly Digest[];
      readonly metadata: boolean;
      readonly unanswered?: readonly Digest[];
    }
  /** `result`: digest of the change that was shown, which covers what the workspace had. */
  | {
      readonly verdict: "merge";
      readonly conflicts: readonly ConflictChoice[];
      readonly result: Digest;
    }
  | { readonly verdict: "theirs"; readonly result: Digest }
);

/** True for an answer that lets something of its change be committed. */
export function isApproval(decision: SavedDecision): boolean {
  if (decision.verdict === "edits") return decision.edits.length > 0 || decision.metadata;
  return decision.verdict !== "reject";
}

/** True where nothing of the change is left to be asked. */
export function isAnswered(decision: SavedDecision): boolean {
  return decision.verdict !== "edits" || decision.unanswered === undefined;
}
