import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { hasErrno } from "../../core/error.js";
import type { SandboxMount } from "../../core/sandbox-spec.js";
import { findSystemProgram } from "./find-runtime.js";
import type { IdRange } from "./to-oci-config.js";
import type { StageStep } from "./to-stage-plan.js";
import type { UserAndGroup } from "./user-and-group.js";

/** Subordinate ids for a plain user's sandbox, or none. */
export interface SubordinateIds {
  /** Steps of the stage: newuidmap and newgidmap with their maps. */
  readonly steps: readonly StageStep[];
  /** The same ranges for the inner namespace: an id inside is the id of the host. */
  readonly uidMappings: readonly IdRange[];
  readonly gidMappings: readonly IdRange[];
}

interface HostRange {
  readonly start: number;
  readonly count: number;
}

const NONE: SubordinateIds = { steps: [], uidMappings: [], gidMappings: [] };
/** Entries of each workspace that are looked at. */
const SAMPLE = 256;

/**
 * The user's ranges of `/etc/subuid` and `/etc/subgid`, where a workspace shows files of them at its top (rootless containers
 * make such files). Mapping them takes two more programs at each start, so it is not done where nothing asks for it:
 * unless `isNeeded`.
 */
export function planSubordinateIds(
  mounts: readonly SandboxMount[],
  invoker: UserAndGroup,
  isNeeded = false,
): SubordinateIds {
  const newuidmap = findSystemProgram("newuidmap");
  const newgidmap = findSystemProgram("newgidmap");
  if (newuidmap === undefined || newgidmap === undefined) return NONE;
  const names = [userInfo().username, String(invoker.uid)];
  const uids = readRanges("/etc/subuid", names, invoker.uid);
  const gids = readRanges("/etc/subgid", names, invoker.gid);
  if (uids.length === 0 || gids.length === 0) return NONE;
  if (
    !isNeeded &&
    !mounts.some((mount) => mount.kind === "overlay" && showsIds(mount.lower, uids, gids))
  )
    return NONE;
  return {
    steps: [
      ["idmap", newuidmap, ...toArguments(invoker.uid, uids)],
      ["idmap", newgidmap, ...toArguments(invoker.gid, gids)],
    ],
    uidMappings: toInnerRanges(uids),
    gidMappings: toInnerRanges(gids),
  };
}

/** Lines of subuid(5) that are the user's; one that holds the user's own id cannot be used beside it. */
function readRanges(file: string, names: readonly string[], own: number): readonly HostRange[] {
  return readText(file)
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([name]) => name !== undefined && names.includes(name))
    .map(([, start, count]) => ({ start: Number(start), count: Number(count) }))
    .filter(({ start, count }) => start > 0 && count > 0 && !(own >= start && own < start + count));
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT", "EACCES")) return "";
    throw error;
  }
}

function showsIds(
  directory: string,
  uids: readonly HostRange[],
  gids: readonly HostRange[],
): boolean {
  return readdirSync(directory)
    .slice(0, SAMPLE)
    .some((name) => {
      const stat = lstatSync(path.join(directory, name), { throwIfNoEntry: false });
      return stat !== undefined && (holds(uids, stat.uid) || holds(gids, stat.gid));
    });
}

function holds(ranges: readonly HostRange[], id: number): boolean {
  return ranges.some(({ start, count }) => id >= start && id < start + count);
}

/** Map lines of newuidmap(1): the user is 0 outside the sandbox's own namespace, its ranges follow from 1. */
function toArguments(own: number, ranges: readonly HostRange[]): readonly string[] {
  const lines = toInnerRanges(ranges).map((range) => [range.hostID, range.containerID, range.size]);
  return [[0, own, 1], ...lines].flat().map(String);
}

function toInnerRanges(ranges: readonly HostRange[]): readonly IdRange[] {
  let next = 1;
  return ranges.map(({ start, count }) => {
    const range = { containerID: start, hostID: next, size: count };
    next += count;
    return range;
  });
}
