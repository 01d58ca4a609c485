import type { Digest } from "./ids.js";

/** How a conflict inside a file is settled: by what the workspace has, by the task's, or by neither. */
export type ConflictChoice = "ours" | "theirs" | "markers";

/** A person's answer to one change, bound to its digest: for another change it means nothing. */
export type SavedDecision = { readonly change: Digest } & (
  | { readonly verdict: "approve" | "reject" }
  /** Some edits of a text file (see `review/file-hunks.ts`); `metadata`: its mode, owner and attributes too. */
  | { readonly verdict: "edits"; readonly edits: readonly Digest[]; readonly metadata: boolean }
  /** `result`: digest of the change that was shown, which covers what the workspace had. */
  | {
      readonly verdict: "merge";
      readonly conflicts: readonly ConflictChoice[];
      readonly result: Digest;
    }
  | { readonly verdict: "theirs"; readonly result: Digest }
);
