import type { LimitReport, Limits } from "../../core/sandbox-spec.js";

/** What a daemon says when its host has no control group for a limit (moby, `verifyPlatformContainerResources`). */
const MISSING: readonly {
  readonly limit: LimitReport["limit"];
  readonly pattern: RegExp;
}[] = [
  { limit: "memory", pattern: /memory limit/i },
  { limit: "cpus", pattern: /cpu (cfs|quota|period)|cpu/i },
  { limit: "pids", pattern: /pids limit/i },
];

/** How the daemon puts limits in force; `warnings` are its own, from the creation of the container. */
export function toLimitReports(
  { memoryBytes, cpus, pids, upperBytes, timeoutMs }: Limits,
  warnings: readonly string[],
): readonly LimitReport[] {
  const group = (
    limit: LimitReport["limit"],
    detail: string | undefined,
  ): readonly LimitReport[] => {
    if (detail === undefined) return [];
    const missing = MISSING.find((one) => one.limit === limit)?.pattern;
    const warning = warnings.find((one) => missing?.test(one));
    return [
      warning === undefined
        ? { limit, by: "cgroup", detail }
        : { limit, by: "none", detail: warning },
    ];
  };
  const size = upperBytes === undefined ? "" : `${upperBytes} bytes, and `;
  return [
    ...group("memory", memoryBytes === undefined ? undefined : `${memoryBytes} bytes in all`),
    ...group("cpus", cpus === undefined ? undefined : `${cpus} processors' time`),
    ...group("pids", pids === undefined ? undefined : `${pids} processes and threads`),
    ...(timeoutMs === undefined
      ? []
      : [{ limit: "timeout", by: "timer", detail: `${timeoutMs} ms` } as const]),
    { limit: "upper", by: "watcher", detail: `${size}at least 5 % of the filesystem stay free` },
  ];
}
