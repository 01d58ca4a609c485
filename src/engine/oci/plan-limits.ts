import type { LimitReport, Limits } from "../../core/sandbox-spec.js";
import { type Cgroup, createCgroup, removeLeftCgroup } from "../../host/cgroup.js";
import { readAllowedProcessors, readHardLimits } from "../../host/process-limits.js";
import type { Runtime } from "./find-runtime.js";
import { toGvisorPids } from "./gvisor-processes.js";
import type { ResourceLimit } from "./to-oci-config.js";
import type { StageStep } from "./to-stage-plan.js";

/** How the limits of one sandbox are put in force. */
export interface LimitPlan {
  readonly steps: readonly StageStep[];
  readonly rlimits: readonly ResourceLimit[];
  readonly reports: readonly LimitReport[];
  /** See `Cgroup.countMemoryKills`; before `cleanUp`. */
  readonly countMemoryKills: () => number;
  /** Removes what was made on the host; after the sandbox is gone. */
  readonly cleanUp: () => Promise<void>;
}

/** Soft and hard number of open files: enough for large builds, few enough that programs which close all of them stay fast. */
const OPEN_FILES = { soft: 16_384, hard: 65_536 };

/**
 * Control groups where a limit needs them and this host grants them; else what a process can impose on itself. The number
 * of processes needs none: the kernel counts RLIMIT_NPROC per user namespace (since Linux 5.14), and each sandbox has its own.
 */
export function planLimits(limits: Limits, sandboxId: string, runtime: Runtime["name"]): LimitPlan {
  const isGvisor = runtime === "runsc";
  const group =
    limits.memoryBytes === undefined && limits.cpus === undefined
      ? undefined
      : tryGroup(isGvisor ? toHostLimits(limits) : limits, sandboxId);
  const parts = [
    planMemory(limits, group, isGvisor),
    planProcessors(limits, group),
    planProcesses(limits, isGvisor ? undefined : group),
    planFiles(limits),
  ];
  return {
    steps: [
      ...(group?.entrances ?? []).map((file): StageStep => ["cgroup", file]),
      ...parts.flatMap(({ steps }) => steps ?? []),
    ],
    rlimits: parts.flatMap(({ rlimits }) => rlimits ?? []),
    reports: [...parts.flatMap(({ report }) => report ?? []), ...reportOthers(limits)],
    countMemoryKills: () => group?.countMemoryKills() ?? 0,
    cleanUp: async () => group?.remove(),
  };
}

interface Part {
  readonly steps?: readonly StageStep[];
  readonly rlimits?: readonly ResourceLimit[];
  readonly report?: LimitReport;
}

/** gVisor counts the task's processes itself; the group holds gVisor. */
function toHostLimits(limits: Limits): Limits {
  return limits.pids === undefined ? limits : { ...limits, pids: toGvisorPids(limits.pids) };
}

function tryGroup({ memoryBytes, cpus, pids }: Limits, sandboxId: string): Cgroup {
  return createCgroup(toGroupName(sandboxId), {
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(pids === undefined ? {} : { pids }),
  });
}

function toGroupName(sandboxId: string): string {
  return `sandbox-${sandboxId}`;
}

/** A control group does not end with its processes: removes that of a sandbox whose controller died. See `Cgroup.remove`. */
export async function removeLeftLimits(sandboxId: string): Promise<void> {
  await removeLeftCgroup(toGroupName(sandboxId));
}

function planMemory({ memoryBytes }: Limits, group: Cgroup | undefined, isGvisor: boolean): Part {
  if (memoryBytes === undefined) return {};
  if (group?.enforced.has("memory") === true)
    return { report: { limit: "memory", by: "cgroup", detail: `${memoryBytes} bytes in all` } };
  // gVisor takes RLIMIT_DATA and counts only what brk gives, which programs do without.
  if (isGvisor)
    return {
      report: {
        limit: "memory",
        by: "none",
        detail: "gVisor needs a control group for it, and none may be made here",
      },
    };
  const bytes = Math.min(memoryBytes, readHardLimits().data);
  return {
    rlimits: [{ type: "RLIMIT_DATA", soft: bytes, hard: bytes }],
    report: {
      limit: "memory",
      by: "rlimit",
      detail: `${bytes} bytes for each process: no control group may be made here`,
    },
  };
}

function planProcessors({ cpus }: Limits, group: Cgroup | undefined): Part {
  if (cpus === undefined) return {};
  if (group?.enforced.has("cpu") === true)
    return { report: { limit: "cpus", by: "cgroup", detail: `${cpus} processors' time` } };
  const chosen = readAllowedProcessors().slice(0, Math.max(1, Math.ceil(cpus)));
  return {
    steps: [["affinity", toMask(chosen)]],
    report: {
      limit: "cpus",
      by: "affinity",
      detail: `processors ${chosen.join(",")} only: no control group may be made here`,
    },
  };
}

/** `cpu_set_t` of sched_setaffinity(2): one bit a processor, in whole 64-bit words. */
function toMask(processors: readonly number[]): Uint8Array {
  const mask = new Uint8Array(8 * (Math.floor(Math.max(...processors) / 64) + 1));
  for (const number of processors) {
    const byte = number >> 3;
    mask[byte] = (mask[byte] ?? 0) | (1 << (number & 7));
  }
  return mask;
}

function planProcesses({ pids }: Limits, group: Cgroup | undefined): Part {
  if (pids === undefined) return {};
  if (group?.enforced.has("pids") === true)
    return { report: { limit: "pids", by: "cgroup", detail: `${pids} processes and threads` } };
  const count = Math.min(pids, readHardLimits().processes);
  return {
    rlimits: [{ type: "RLIMIT_NPROC", soft: count, hard: count }],
    report: { limit: "pids", by: "rlimit", detail: `${count} processes and threads` },
  };
}

function planFiles({ upperBytes }: Limits): Part {
  const hard = Math.min(OPEN_FILES.hard, readHardLimits().openFiles);
  return {
    rlimits: [
      { type: "RLIMIT_NOFILE", soft: Math.min(OPEN_FILES.soft, hard), hard },
      CORE_FILES,
      // No single file can pass the limit before the watcher looks.
      ...(upperBytes === undefined
        ? []
        : [{ type: "RLIMIT_FSIZE", soft: upperBytes, hard: upperBytes }]),
    ],
  };
}

/**
 * Not 0: where the host hands cores to a program (`core_pattern` with a pipe, core(5)) the kernel runs that as root
 * whatever the limit is, except for 1, which it takes to mean "never" (do_coredump).
 */
const CORE_FILES = { type: "RLIMIT_CORE", soft: 1, hard: 1 } as const;

function reportOthers({ timeoutMs, upperBytes }: Limits): readonly LimitReport[] {
  const reports: LimitReport[] = [];
  if (timeoutMs !== undefined)
    reports.push({ limit: "timeout", by: "timer", detail: `${timeoutMs} ms` });
  const size = upperBytes === undefined ? "" : `${upperBytes} bytes, and `;
  reports.push({
    limit: "upper",
    by: "watcher",
    detail: `${size}at least 5 % of the filesystem stay free`,
  });
  return reports;
}
