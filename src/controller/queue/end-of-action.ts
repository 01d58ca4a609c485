import type { ActionResult } from "../../core/action.js";
import { EXIT_CODES } from "../../core/exit-code.js";

/** Who asked a task to end. */
export type WhyEnded = "cancelled" | "late" | "closing";

/** Of one that was cancelled while it waited. */
export const CANCELLED: ActionResult = {
  exit: EXIT_CODES.interrupted,
  error: { code: "interrupted", message: "it was cancelled before it began: nothing has run" },
};
/** Of one whose deadline passed while it waited. */
export const LATE: ActionResult = {
  exit: EXIT_CODES["timed-out"],
  error: { code: "timed-out", message: "its deadline passed before it began: nothing has run" },
};

/** The state an action ends in; `why` it was asked to end, if it was. */
export function toEndState(
  { error }: ActionResult,
  why: WhyEnded | undefined,
): "done" | "failed" | "cancelled" | "interrupted" {
  if (why === "cancelled") return "cancelled";
  if (why === "closing") return "interrupted";
  if (why === "late") return "failed";
  return error === undefined ? "done" : "failed";
}

/** One that was asked to end and did says who asked. */
export function toEndResult(result: ActionResult, why: WhyEnded | undefined): ActionResult {
  if (why === undefined || result.error !== undefined) return result;
  const { session, commit } = result;
  const said = {
    cancelled: "it was cancelled while it ran",
    late: "its deadline passed while it ran",
    closing: "the service was stopped while it ran",
  }[why];
  const code = why === "late" ? "timed-out" : "interrupted";
  return {
    exit: EXIT_CODES[code],
    ...(session === undefined ? {} : { session }),
    ...(commit === undefined ? {} : { commit }),
    error: {
      code,
      message: said,
      ...(session === undefined ? {} : { hint: `what it did is kept: sandbox diff ${session}` }),
    },
  };
}
