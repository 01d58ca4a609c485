import type { ApprovalId, Digest, SessionId } from "./ids.js";

/** What a person is asked about. */
export type ApprovalKind = "commit" | "budget" | "command" | "widen" | "retry" | "send";

/** `expired` is a denial that nobody gave. */
export type ApprovalState = "waiting" | "approved" | "denied" | "expired";

/** A question for a person, before it has an id. */
export interface ApprovalDraft {
  readonly kind: ApprovalKind;
  /** Whose task it is about; absent where there is none yet. */
  readonly session?: SessionId;
  /** Of what is shown: an answer is bound to it. */
  readonly digest: Digest;
  /** One line. */
  readonly subject: string;
  /** Exactly what would be done, text or JSON; may come from a sandbox, so it is neutralised where it is shown. */
  readonly preview: string;
  /** How many distinct reviewers must approve; at least 1. One denial denies. */
  readonly require: number;
  /** ISO 8601, UTC. From then on it is denied. */
  readonly expiresAt: string;
  /** Questions that can be answered together, e.g. the id of a rule. */
  readonly group?: string;
}

/** Who answers: a user of this host, or whoever holds a token of the service. */
export type Reviewer =
  | { readonly kind: "user"; readonly uid: number; readonly name: string }
  | { readonly kind: "token"; readonly name: string };

/** What one reviewer said. */
export interface ApprovalAnswer {
  readonly answer: "approved" | "denied";
  readonly by: Reviewer;
  readonly note?: string;
  /** Of what the reviewer saw; an approval of anything else does not count. */
  readonly digest: Digest;
  readonly at: string;
}

/** A question and what became of it. */
export interface Approval extends ApprovalDraft {
  readonly approval: ApprovalId;
  readonly state: ApprovalState;
  readonly askedAt: string;
  /** Present unless `waiting`. */
  readonly settledAt?: string;
  /** What it allowed has been done: it allows nothing more. */
  readonly usedAt?: string;
  /** How many questions it stands for: more than one where a session asked too much at once. */
  readonly count: number;
  /** Oldest first. */
  readonly answers: readonly ApprovalAnswer[];
}
