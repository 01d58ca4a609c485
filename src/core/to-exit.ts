import { assertNever } from "./assert-never.js";
import { EXIT_CODES } from "./exit-code.js";
import type { Outcome } from "./sandbox-spec.js";

/** The code a task's end gives the command line: its own, 128 and the signal, 124 for a timeout. */
export function toExit(outcome: Outcome): number {
  switch (outcome.outcome) {
    case "exited":
      return outcome.code;
    case "signalled":
      return 128 + outcome.signal;
    case "timed-out":
      return EXIT_CODES["timed-out"];
    case "interrupted":
      return EXIT_CODES.interrupted;
    case "not-started":
      return outcome.code;
    default:
      return assertNever(outcome);
  }
}
