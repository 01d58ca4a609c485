import { assertNever } from "../core/assert-never.js";
import type { Outcome } from "../core/sandbox-spec.js";
import { formatDuration } from "./format-units.js";
import { neutralise } from "./neutralise.js";
import { toPalette } from "./palette.js";

/** How a task ended and how long it took, in one line. */
export function renderOutcome(
  outcome: Outcome,
  o: { readonly colour: boolean; readonly durationMs: number },
): string {
  const palette = toPalette(o.colour);
  const isGood = outcome.outcome === "exited" && outcome.code === 0;
  const text = `${describe(outcome)} after ${formatDuration(o.durationMs)}`;
  return palette.bold(isGood ? palette.green(text) : palette.red(text));
}

function describe(outcome: Outcome): string {
  switch (outcome.outcome) {
    case "exited":
      return `exit ${outcome.code}`;
    case "signalled":
      return `ended by signal ${outcome.signal}`;
    case "timed-out":
      return "timed out";
    case "interrupted":
      return `interrupted (${neutralise(outcome.reason)})`;
    case "not-started":
      return `not started (${neutralise(outcome.reason)})`;
    default:
      return assertNever(outcome);
  }
}
