import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hasErrno, SandboxError } from "../core/error.js";

/** What a control group can limit for us. */
type Controller = (typeof CONTROLLERS)[number];
const CONTROLLERS = ["memory", "cpu", "pids"] as const;

/** Limits for a new control group. */
export interface CgroupLimits {
  readonly memoryBytes?: number;
  readonly cpus?: number;
  readonly pids?: number;
}

/** A control group of ours, empty until the process that writes `0` to the files in `entrances`. */
export interface Cgroup {
  readonly entrances: readonly string[];
  /** Those of the wanted controllers that are in force. */
  readonly enforced: ReadonlySet<Controller>;
  /** How many of its processes were killed at its limit of memory; 0 where that is not known. */
  countMemoryKills(): number;
  /** Removes it; waits for the last process to leave. */
  remove(): Promise<void>;
}

const ROOT = "/sys/fs/cgroup";
const CPU_PERIOD_US = 100_000;
const REMOVE_TRIES = 100;
const REMOVE_WAIT_MS = 20;

/**
 * A new control group `name` with those limits that this process may set: below its own groups (version 1), or beside or
 * below its own group where that is delegated (version 2, cgroups(7)). Where nothing may be set, nothing is made.
 */
export function createCgroup(name: string, limits: CgroupLimits): Cgroup {
  const membership = readMembership();
  const wanted = toSettings(limits);
  const made = isUnified()
    ? createUnified(name, membership, wanted)
    : createSeparate(name, membership, wanted);
  return {
    entrances: made.map(({ directory }) => path.join(directory, "cgroup.procs")),
    enforced: new Set(made.flatMap(({ controllers }) => controllers)),
    countMemoryKills: () => Math.max(0, ...made.map(({ directory }) => readMemoryKills(directory))),
    remove: async () => {
      for (const { directory } of made) await removeGroup(directory);
    },
  };
}

/** Removes the control group `name` that a process which died left; waits for the last process to leave it. No such group is no error; `busy` while it is not empty. */
export async function removeLeftCgroup(name: string): Promise<void> {
  const membership = readMembership();
  const parents = isUnified()
    ? [findUnifiedParent(membership)]
    : CONTROLLERS.flatMap((controller) => findOwnGroup(membership, controller) ?? []);
  for (const parent of parents) {
    const directory = path.join(parent, name);
    if (existsSync(directory)) await removeGroup(directory);
  }
}

/** What kind of control groups this host offers this process, for people. */
export function describeCgroups(): string {
  if (isUnified()) return "version 2";
  return existsSync(path.join(ROOT, "memory")) ? "version 1" : "none";
}

function isUnified(): boolean {
  return existsSync(path.join(ROOT, "cgroup.controllers"));
}

/** Lines of this process's groups, one for each hierarchy (cgroups(7)). */
function readMembership(): readonly string[] {
  return readFileSync("/proc/self/cgroup", "utf8").trim().split("\n");
}

interface Group {
  readonly directory: string;
  readonly controllers: readonly Controller[];
}

interface Settings {
  readonly controller: Controller;
  /** File → value, for version 1 and for version 2. A file in `optional` may be absent. */
  readonly v1: Readonly<Record<string, string>>;
  readonly v2: Readonly<Record<string, string>>;
  readonly optional: Readonly<Record<string, string>>;
}

function toSettings({ memoryBytes, cpus, pids }: CgroupLimits): readonly Settings[] {
  const settings: Settings[] = [];
  if (memoryBytes !== undefined) {
    const bytes = String(memoryBytes);
    settings.push({
      controller: "memory",
      v1: { "memory.limit_in_bytes": bytes },
      v2: { "memory.max": bytes },
      optional: { "memory.memsw.limit_in_bytes": bytes, "memory.swap.max": "0" },
    });
  }
  if (cpus !== undefined) {
    const quota = String(Math.max(1000, Math.round(cpus * CPU_PERIOD_US)));
    settings.push({
      controller: "cpu",
      v1: { "cpu.cfs_period_us": String(CPU_PERIOD_US), "cpu.cfs_quota_us": quota },
      v2: { "cpu.max": `${quota} ${CPU_PERIOD_US}` },
      optional: {},
    });
  }
  if (pids !== undefined) {
    const files = { "pids.max": String(pids) };
    settings.push({ controller: "pids", v1: files, v2: files, optional: {} });
  }
  return settings;
}

function createSeparate(
  name: string,
  membership: readonly string[],
  wanted: readonly Settings[],
): readonly Group[] {
  return wanted.flatMap(({ controller, v1, optional }) => {
    const own = findOwnGroup(membership, controller);
    if (own === undefined) return [];
    const directory = path.join(own, name);
    return tryCreate(directory, v1, optional) ? [{ directory, controllers: [controller] }] : [];
  });
}

/** Directory of this process's group in the version 1 hierarchy of `controller`. */
function findOwnGroup(membership: readonly string[], controller: string): string | undefined {
  for (const line of membership) {
    const [, names = "", ...rest] = line.split(":");
    if (!names.split(",").includes(controller)) continue;
    return [names, controller]
      .map((hierarchy) => path.join(ROOT, hierarchy, rest.join(":")))
      .find((directory) => existsSync(directory));
  }
  return undefined;
}

function findUnifiedParent(membership: readonly string[]): string {
  const own = membership.find((line) => line.startsWith("0::"))?.slice(3) ?? "/";
  return path.join(ROOT, own === "/" ? own : path.dirname(own));
}

/** Version 2: a group that holds processes cannot have limited children, so the new one goes beside ours, or to the root. */
function createUnified(
  name: string,
  membership: readonly string[],
  wanted: readonly Settings[],
): readonly Group[] {
  const parent = findUnifiedParent(membership);
  const offered = readWords(path.join(parent, "cgroup.subtree_control"));
  const usable = wanted.filter(({ controller }) => offered.has(controller));
  const directory = path.join(parent, name);
  const files = Object.assign({}, ...usable.map(({ v2 }) => v2)) as Record<string, string>;
  const optional = Object.assign({}, ...usable.map((one) => one.optional)) as Record<
    string,
    string
  >;
  if (usable.length === 0 || !tryCreate(directory, files, optional)) return [];
  return [{ directory, controllers: usable.map(({ controller }) => controller) }];
}

/** `oom_kill` of `memory.events` (version 2), and since Linux 4.13 of `memory.oom_control` (version 1). */
function readMemoryKills(directory: string): number {
  for (const file of ["memory.events", "memory.oom_control"]) {
    const events = path.join(directory, file);
    if (!existsSync(events)) continue;
    const [, count = "0"] = /^oom_kill (\d+)$/m.exec(readFileSync(events, "utf8")) ?? [];
    return Number(count);
  }
  return 0;
}

function readWords(file: string): ReadonlySet<string> {
  try {
    return new Set(readFileSync(file, "utf8").trim().split(/\s+/));
  } catch (error) {
    if (hasErrno(error, "ENOENT", "EACCES")) return new Set();
    throw error;
  }
}

function tryCreate(
  directory: string,
  files: Readonly<Record<string, string>>,
  optional: Readonly<Record<string, string>>,
): boolean {
  try {
    mkdirSync(directory);
  } catch (error) {
    if (hasErrno(error, "EACCES", "EPERM", "EROFS", "ENOENT")) return false;
    throw error;
  }
  try {
    for (const [file, value] of Object.entries(files))
      writeFileSync(path.join(directory, file), value);
    for (const [file, value] of Object.entries(optional)) {
      const target = path.join(directory, file);
      if (existsSync(target)) writeFileSync(target, value);
    }
    return true;
  } catch (error) {
    rmdirSync(directory);
    if (hasErrno(error, "EACCES", "EPERM", "EINVAL", "ENOENT", "EBUSY")) return false;
    throw error;
  }
}

async function removeGroup(directory: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      if (hasErrno(error, "ENOENT")) return;
      if (!hasErrno(error, "EBUSY")) throw error;
      if (tries === REMOVE_TRIES)
        throw new SandboxError("busy", `processes are still being ended in ${directory}`, {
          hint: "try again in a moment",
          cause: error,
        });
    }
    await delay(REMOVE_WAIT_MS);
  }
}
