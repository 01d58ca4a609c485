import { SandboxError } from "../core/error.js";
import type { CommitId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import { type CommitAnswer, toDecisionData } from "./commit-answer.js";
import type { Controller } from "./controller.js";
import { toChangeEntries } from "./log-changes.js";
import type { CommitProposal } from "./propose-commit.js";

/** Puts on record what is about to be written, what policy said of it and who approved it. If it throws, nothing is to be written. */
export function logStart(
  { store }: Controller,
  o: { readonly now: CommitProposal; readonly answer: CommitAnswer; readonly commit: CommitId },
): void {
  const { now, answer, commit } = o;
  const subject = { session: now.review.record.session, commit };
  try {
    store.appendAudit(
      [
        {
          event: "commit.decided",
          ...subject,
          digest: now.digest,
          data: toDecisionData(now, answer),
        },
        ...toChangeEntries({ event: "commit.already", ...subject }, now.plan.alreadyThere),
        ...toChangeEntries({ event: "commit.changes", ...subject }, now.plan.changes),
        { event: "commit.started", ...subject },
      ],
      { sign: false },
    );
  } catch (error) {
    // Nothing has been touched: there is nothing to recover.
    store.clearHot(commit);
    throw error;
  }
}

/** Puts on record that the workspace had all of it already. */
export function logSettled({ store }: Controller, { review, plan }: CommitProposal): void {
  const { session } = review.record;
  if (plan.alreadyThere.length === 0) return;
  store.appendAudit([
    ...toChangeEntries({ event: "session.already", session }, plan.alreadyThere),
    { event: "session.settled", session },
  ]);
}

/** Puts on record that a commit is done, and what is pending then: all of it, where a part of a file was committed. */
export async function logSealed(
  { store }: Controller,
  o: {
    readonly commit: CommitId;
    readonly next: SessionRecord;
    readonly isPartial: boolean;
  },
): Promise<void> {
  const { commit, next, isPartial } = o;
  const { session, digest } = next;
  const rest = isPartial ? (await store.readChangeset(session)).changes : [];
  store.appendAudit([
    ...toChangeEntries({ event: "session.changes", session, commit }, rest),
    {
      ...{ event: "commit.sealed", session, commit },
      ...(digest === undefined ? {} : { digest }),
      data: { listed: isPartial },
    },
  ]);
}

/** Puts on record that a commit failed. The error that is thrown says why; this one must not hide it. */
export function logUndone(
  controller: Controller,
  o: { readonly now: CommitProposal; readonly commit: CommitId; readonly outcome: string },
): void {
  const { now, commit, outcome } = o;
  const { session } = now.review.record;
  try {
    controller.store.appendAudit({ event: "commit.failed", session, commit, data: { outcome } });
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    controller.notice(`sandbox: ${error.message}`);
  }
}
