import type { RunResult } from "../controller/finish-run.js";
import { toExit } from "../core/to-exit.js";
import type { ReportOptions } from "./report-options.js";

/** Tells what a run left, commits where that was asked for, and returns the exit code (cli.md). */
export async function reportRun(result: RunResult, options: ReportOptions): Promise<number> {
  const { outcome } = result.record;
  if (outcome === undefined) throw new Error("a run that ended has an outcome");
  const changed = result.changeset.changes.length > 0;
  const isReached = result.record.limits.some(({ kills }) => kills !== undefined);
  const isQuiet = !changed && !isReached && result.changeset.notices.length === 0;
  if (isQuiet && outcome.outcome === "exited" && !options.json && !options.context.isTerminal(2))
    return toExit(outcome);
  const { tellRun } = await import("./tell-run.js");
  const own = toExit(outcome);
  const commits =
    own === 0 && outcome.outcome === "exited" && changed && options.commit !== "never";
  return await tellRun(result, { ...options, own, commit: commits ? options.commit : "never" });
}
