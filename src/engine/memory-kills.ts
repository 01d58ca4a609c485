import type { LimitReport, Limits, Outcome } from "../core/sandbox-spec.js";

const SIGKILL = 9;

/**
 * How a task ended, where the kernel killed `kills` of its processes at its limit of memory: a task that died of SIGKILL itself was ended
 * at the limit, as at any other limit of ours. A task that lived on ended as it says.
 */
export function toMemoryEnd(
  outcome: Outcome | undefined,
  { memoryBytes }: Limits,
  kills: number,
): Outcome | undefined {
  const isKilled =
    outcome === undefined || (outcome.outcome === "signalled" && outcome.signal === SIGKILL);
  if (kills === 0 || memoryBytes === undefined || !isKilled) return outcome;
  const limit = `${(memoryBytes / 2 ** 20).toFixed(1)} MiB`;
  return { outcome: "interrupted", reason: `out of memory: the limit is ${limit} (--memory)` };
}

/** `reports`, with what happened at the limit of memory. */
export function withMemoryKills(
  reports: readonly LimitReport[],
  kills: number,
): readonly LimitReport[] {
  if (kills === 0) return reports;
  return reports.map((report) => (report.limit === "memory" ? { ...report, kills } : report));
}
