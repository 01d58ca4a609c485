import { SandboxError } from "../core/error.js";
import type { Digest } from "../core/ids.js";
import type { SavedDecision } from "../core/saved-decision.js";
import type { Controller } from "./controller.js";
import { lockSession } from "./lock-workspaces.js";
import type { SessionReview } from "./session-review.js";

/** What was answered so far of what is pending, by the digest of the change. */
export async function readPendingDecisions(
  controller: Controller,
  review: SessionReview,
): Promise<ReadonlyMap<Digest, SavedDecision>> {
  const { session, revision } = review.record;
  const pending = new Set(review.items.map(({ change }) => change.digest));
  const saved = await controller.store.readDecisions(session, revision);
  return new Map(saved.filter(({ change }) => pending.has(change)).map((one) => [one.change, one]));
}

/**
 * Saves answers as they are given, over earlier ones to the same changes; others stay. Throws `changed-since-review` where the session is no
 * longer the one that was shown, `busy` while somebody works on it.
 */
export async function saveDecisions(
  controller: Controller,
  review: SessionReview,
  answers: readonly SavedDecision[],
): Promise<ReadonlyMap<Digest, SavedDecision>> {
  const { session, revision, digest } = review.record;
  await using _lock = await lockSession(controller, session);
  const now = await controller.store.readSession(session);
  if (now.revision !== revision || now.digest !== digest || now.state !== review.record.state)
    throw new SandboxError("changed-since-review", `${session} was worked on during the review`, {
      hint: `what was answered before is saved; look again: sandbox review ${session}`,
    });
  const decisions = new Map(await readPendingDecisions(controller, review));
  for (const one of answers) decisions.set(one.change, one);
  logAnswers(controller, review, answers);
  controller.store.writeDecisions(session, { revision, decisions: [...decisions.values()] });
  return decisions;
}

/** Puts on record what a person answered: each answer, by the digest of its change. */
export function logAnswers(
  { store }: Controller,
  { record }: SessionReview,
  answers: readonly SavedDecision[],
): void {
  const MOST = 500;
  const { session, digest } = record;
  const entries = Array.from({ length: Math.ceil(answers.length / MOST) }, (_, at) => ({
    ...{ event: "review.answered", session },
    ...(digest === undefined ? {} : { digest }),
    data: {
      answers: answers
        .slice(at * MOST, (at + 1) * MOST)
        .map(({ change, verdict }) => `${verdict} ${change}`),
    },
  }));
  if (entries.length > 0) store.appendAudit(entries, { sign: false });
}
