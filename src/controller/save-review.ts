import { SandboxError } from "../core/error.js";
import type { Digest, SessionId } from "../core/ids.js";
import type { SavedDecision } from "../core/saved-decision.js";
import { openHunks } from "./compose-edits.js";
import { isRefusal } from "./composed-change.js";
import type { Controller } from "./controller.js";
import { loadReview } from "./load-review.js";
import { lockSession } from "./lock-workspaces.js";
import { splitHunks, toEditChoice } from "./parse-hunks.js";
import { type NamedPath, namesChange, toNamedPath } from "./named-path.js";
import { findExact } from "./read-wish.js";
import { logAnswers, readPendingDecisions } from "./save-decisions.js";
import { selectChanges } from "./select-changes.js";
import type { ReviewedChange, SessionReview } from "./session-review.js";

/** Answers of a person to pending changes: host paths, `PATH:HUNKS` for a part of a file. */
export interface ReviewAnswers {
  readonly session: SessionId;
  readonly approve: readonly string[];
  readonly reject: readonly string[];
}

/** A session with what was decided of it so far. */
export interface DecidedReview {
  readonly review: SessionReview;
  readonly decisions: ReadonlyMap<Digest, SavedDecision>;
}

/**
 * Saves answers as approvals, each bound to the digest of its change: they hold until the change is another one. Later answers replace
 * earlier ones. Throws `denied` for what policy denies, and for what runs later on the host and was not named itself.
 */
export async function saveReview(
  controller: Controller,
  answers: ReviewAnswers,
): Promise<DecidedReview> {
  await using _lock = await lockSession(controller, answers.session);
  const review = await loadReview(controller, answers.session);
  const { session, revision } = review.record;
  const decisions = new Map(await readPendingDecisions(controller, review));
  const given: SavedDecision[] = answers.approve.flatMap((text) =>
    toApprovals(controller, review, text),
  );
  for (const text of answers.reject)
    for (const { change } of select(controller, review, text))
      given.push({ change: change.digest, verdict: "reject" });
  for (const one of given) decisions.set(one.change, one);
  if (given.length > 0) {
    logAnswers(controller, review, given);
    controller.store.writeDecisions(session, { revision, decisions: [...decisions.values()] });
  }
  return { review, decisions };
}

function select(
  controller: Controller,
  review: SessionReview,
  text: string,
): readonly ReviewedChange[] {
  const { resolvePath } = controller;
  const found = selectChanges(review, { paths: [text], resolvePath });
  return review.items.filter(({ index }) => found.has(index));
}

function toApprovals(
  controller: Controller,
  review: SessionReview,
  text: string,
): readonly SavedDecision[] {
  const { path, hunks } = splitHunks(text);
  const items =
    hunks === undefined ? select(controller, review, text) : [findExact(controller, review, path)];
  const target = toNamedPath(controller, path, review.changeset.workspaces);
  for (const item of items) refuse(review, item, target);
  const [item] = items;
  if (hunks === undefined || item === undefined)
    return items.map(({ change }) => ({ change: change.digest, verdict: "approve" }));
  const open = openHunks(review, item);
  if (isRefusal(open)) throw new SandboxError("usage", `${path}: ${open.refused}`);
  const { edits, metadata } = toEditChoice(open, { path, hunks });
  return [{ change: item.change.digest, verdict: "edits", edits: [...edits], metadata }];
}

function refuse(review: SessionReview, item: ReviewedChange, target: NamedPath): void {
  const { change, decision, risks } = item;
  if (decision.decision === "deny")
    throw new SandboxError("denied", `${change.path}: ${decision.reason}`);
  const runsLater = risks.some((risk) => risk.id === "runs-later");
  if (!runsLater || namesChange(target, item, review.changeset.workspaces)) return;
  throw new SandboxError("denied", `${change.path} runs later on this host: approve it by name`, {
    hint: "nothing was saved",
  });
}
