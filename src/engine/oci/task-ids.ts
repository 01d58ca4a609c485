import { SandboxError } from "../../core/error.js";
import type { SandboxMount } from "../../core/sandbox-spec.js";
import type { RuntimeName } from "./find-runtime.js";
import { planSubordinateIds } from "./subordinate-ids.js";
import type { IdRange } from "./to-oci-config.js";
import type { StageStep } from "./to-stage-plan.js";
import type { UserAndGroup } from "./user-and-group.js";

/** How the ids of a task are mapped, for the stage and for the runtime. */
export interface TaskIds {
  /** `root`: no outer user namespace; `user`: an outer one in which 0 is the invoker. */
  readonly mode: "root" | "user";
  readonly invoker: UserAndGroup;
  /** The task's ids as it sees them itself. */
  readonly inside: UserAndGroup;
  /** The task's ids as the stage sees them. */
  readonly stageUid: number;
  readonly stageGid: number;
  readonly uidMappings: readonly IdRange[];
  readonly gidMappings: readonly IdRange[];
  readonly steps: readonly StageStep[];
  /** gVisor has no user namespace of its own to map: the stage makes one, with these maps, around it. */
  readonly around: boolean;
}

/** Every id but 0 and the invalid one. */
const ALL_BUT_ROOT: readonly IdRange[] = [{ containerID: 1, hostID: 1, size: 4294967294 }];
/** runc needs some 0 inside: it is the last id of the host, which owns nothing. */
const NOBODYS_ROOT: readonly IdRange[] = [
  { containerID: 0, hostID: 4294967294, size: 1 },
  { containerID: 1, hostID: 1, size: 4294967293 },
];

/**
 * A container id is never host id 0: ownership alone would open root's files, without any capability.
 * A user's task is the user itself, through 0 of the outer namespace. Throws `sandbox-unavailable` for ids that cannot be had.
 */
export function toTaskIds(
  task: UserAndGroup,
  runtime: RuntimeName,
  mounts: readonly SandboxMount[],
): TaskIds {
  const invoker = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (task.uid === 0 || task.gid === 0)
    throw new SandboxError("sandbox-unavailable", "a task never runs with host id 0");
  if (invoker.uid === 0) return toRootsIds(task, invoker, runtime);
  if (task.uid === invoker.uid && task.gid === invoker.gid)
    return toUsersIds(invoker, runtime, mounts);
  throw new SandboxError(
    "sandbox-unavailable",
    `user ${invoker.uid}:${invoker.gid} cannot start a task as ${task.uid}:${task.gid}`,
  );
}

function toRootsIds(task: UserAndGroup, invoker: UserAndGroup, runtime: RuntimeName): TaskIds {
  const ranges = runtime === "crun" ? ALL_BUT_ROOT : NOBODYS_ROOT;
  return {
    mode: "root",
    invoker,
    inside: task,
    stageUid: task.uid,
    stageGid: task.gid,
    uidMappings: ranges,
    gidMappings: ranges,
    steps: [],
    around: runtime === "runsc",
  };
}

/**
 * runc maps 0 or nothing: under it the user's task sees itself as 0, without capabilities. runsc must be 0 itself, which is
 * one of the user's subordinate ids; where there are none, its task sees itself as 0 too.
 */
function toUsersIds(
  invoker: UserAndGroup,
  runtime: RuntimeName,
  mounts: readonly SandboxMount[],
): TaskIds {
  const isRunsc = runtime === "runsc";
  const more = planSubordinateIds(mounts, invoker, isRunsc);
  const hasOther0 = isRunsc && more.steps.length > 0;
  const inside = runtime === "crun" || hasOther0 ? invoker : { uid: 0, gid: 0 };
  const zero: readonly IdRange[] = hasOther0 ? [{ containerID: 0, hostID: 1, size: 1 }] : [];
  const rest = (ranges: readonly IdRange[]) => (hasOther0 ? dropFirst(ranges) : ranges);
  return {
    mode: "user",
    invoker,
    inside,
    stageUid: 0,
    stageGid: 0,
    uidMappings: [
      { containerID: inside.uid, hostID: 0, size: 1 },
      ...zero,
      ...rest(more.uidMappings),
    ],
    gidMappings: [
      { containerID: inside.gid, hostID: 0, size: 1 },
      ...zero,
      ...rest(more.gidMappings),
    ],
    steps: more.steps,
    around: isRunsc,
  };
}

/** Without the first id, which is runsc's 0. */
function dropFirst([first, ...others]: readonly IdRange[]): readonly IdRange[] {
  if (first === undefined) return [];
  const { containerID, hostID, size } = first;
  const less = { containerID: containerID + 1, hostID: hostID + 1, size: size - 1 };
  return less.size === 0 ? others : [less, ...others];
}
