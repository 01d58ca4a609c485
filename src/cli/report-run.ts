import type { RunResult } from "../controller/finish-run.js";
import { assertNever } from "../core/assert-never.js";
import { EXIT_CODES } from "../core/exit-code.js";
import type { Outcome } from "../core/sandbox-spec.js";
import type { ReportOptions } from "./report-options.js";

/** Tells what a run left, commits where that was asked for, and returns the exit code (cli.md). */
export async function reportRun(result: RunResult, options: ReportOptions): Promise<number> {
  const { outcome } = result.record;
  if (outcome === undefined) throw new Error("a run that ended has an outcome");
  const changed = result.changeset.changes.length > 0;
  const isQuiet = !changed && result.changeset.notices.length === 0;
  if (isQuiet && outcome.outcome === "exited" && !options.json && !options.context.isTerminal(2))
    return exitOf(outcome);
  const { tellRun } = await import("./tell-run.js");
  const own = exitOf(outcome);
  const commits =
    own === 0 && outcome.outcome === "exited" && changed && options.commit !== "never";
  return await tellRun(result, { ...options, own, commit: commits ? options.commit : "never" });
}

/** The code a task's end gives the command line: its own, 128 and the signal, 124 for a timeout. */
function exitOf(outcome: Outcome): number {
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
