import { assertNever } from "../../core/assert-never.js";
import { isSandboxError } from "../../core/error.js";
import { type ErrorCode, EXIT_CODES } from "../../core/exit-code.js";
import type { Outcome } from "../../core/sandbox-spec.js";
import type { ReportProblem, RunVerdict } from "../../review/report/run-report.js";

/** The codes of `run --ci` (cli.md): one for each verdict, whatever the task's own code was. */
const CI_EXITS: Readonly<Record<Exclude<RunVerdict, "not-run" | "error">, number>> = {
  passed: 0,
  conflict: EXIT_CODES.conflict,
  denied: EXIT_CODES.denied,
  "task-failed": 10,
  "timed-out": EXIT_CODES["timed-out"],
};

/** A verdict and its exit code. */
export interface CiEnd {
  readonly verdict: RunVerdict;
  readonly exit: number;
}

/** How a task's end is judged. */
export function judgeOutcome(outcome: Outcome): CiEnd {
  switch (outcome.outcome) {
    case "exited":
      return toEnd(outcome.code === 0 ? "passed" : "task-failed");
    case "signalled":
    case "interrupted":
      return toEnd("task-failed");
    case "timed-out":
      return toEnd("timed-out");
    case "not-started":
      return outcome.code === 125 ? { verdict: "not-run", exit: 125 } : toEnd("task-failed");
    default:
      return assertNever(outcome);
  }
}

/** How an error is judged: a command that is not there is the task's failure, a wrong request or a bug is neither's. */
export function judgeError(error: unknown): CiEnd {
  const code = codeOf(error);
  switch (code) {
    case "conflict":
      return toEnd("conflict");
    case "denied":
    case "changed-since-review":
      return toEnd("denied");
    case "timed-out":
      return toEnd("timed-out");
    case "interrupted":
    case "not-executable":
    case "command-not-found":
      return toEnd("task-failed");
    case "sandbox-unavailable":
    case "usage":
    case "not-found":
      return { verdict: "not-run", exit: EXIT_CODES[code] };
    case "unexpected":
    case "damaged":
    case "busy":
      return { verdict: "error", exit: EXIT_CODES[code] };
    default:
      return assertNever(code);
  }
}

/** An error as a report tells it. */
export function toProblem(error: unknown): ReportProblem {
  const message = error instanceof Error ? error.message : String(error);
  if (!isSandboxError(error)) return { code: "unexpected", message, list: [] };
  const { code, list, hint } = error;
  return { code, message, list, ...(hint === undefined ? {} : { hint }) };
}

function codeOf(error: unknown): ErrorCode {
  return isSandboxError(error) ? error.code : "unexpected";
}

function toEnd(verdict: keyof typeof CI_EXITS): CiEnd {
  return { verdict, exit: CI_EXITS[verdict] };
}
