import type { Controller } from "../controller/controller.js";
import type { ReviewedChange, SessionReview } from "../controller/session-review.js";
import type { Change } from "../core/change.js";
import type { SavedDecision } from "../core/saved-decision.js";
import { neutralise } from "../review/neutralise.js";
import { toPalette } from "../review/palette.js";
import { toShownPath } from "../review/shown-path.js";
import type { CliContext } from "./cli-context.js";

/** What every step of a review on a terminal works with. */
export interface ReviewDesk {
  readonly context: CliContext;
  readonly controller: Controller;
  readonly review: SessionReview;
  readonly colour: boolean;
  /** Saves answers before the next question is asked. */
  save(...answers: readonly SavedDecision[]): Promise<void>;
}

/** What a step ended with. */
export type StepEnd = "next" | "quit";

/** The path of a change, harmless for a terminal. */
export function nameOf(desk: ReviewDesk, change: Change): string {
  return toShownPath(change, desk.review.changeset.workspaces);
}

/** True for what some program on the host will run or obey. */
export function isRunLater({ risks }: ReviewedChange): boolean {
  return risks.some(({ id }) => id === "runs-later");
}

const DONE = { add: "added", modify: "changed", delete: "deleted" } as const;

/** What stands above the first question about a change: its path, and why to look at it. */
export function tellHead(desk: ReviewDesk, item: ReviewedChange, place: string): void {
  const palette = toPalette(desk.colour);
  const { change, risks } = item;
  const title = palette.bold(`${place} ${nameOf(desk, change)}  ${DONE[change.kind]}`);
  desk.context.stderr.write(`\n${title}\n`);
  for (const { level, reason } of risks) {
    const paint = level === "high" ? palette.red : palette.yellow;
    desk.context.stderr.write(`  ${paint(`${level}: ${neutralise(reason)}`)}\n`);
  }
}
