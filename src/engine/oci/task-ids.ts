import { SandboxError } from "../../core/error.js";
import type { IdRange } from "./to-oci-config.js";
import type { StageStep } from "./to-stage-plan.js";

/** How the ids of a task are mapped, for the stage and for the runtime. */
export interface TaskIds {
  /** `root`: no outer user namespace; `user`: an outer one in which 0 is the invoker. */
  readonly mode: "root" | "user";
  readonly invoker: InvokerIds;
  /** The task's ids as the stage sees them. */
  readonly stageUid: number;
  readonly stageGid: number;
  readonly uidMappings: readonly IdRange[];
  readonly gidMappings: readonly IdRange[];
  readonly steps: readonly StageStep[];
}

/** A user and a group of the host. */
export interface InvokerIds {
  readonly uid: number;
  readonly gid: number;
}

/** Every id but 0 and the invalid one. */
const ALL_BUT_ROOT: readonly IdRange[] = [{ containerID: 1, hostID: 1, size: 4294967294 }];

/**
 * A container id is never host id 0: ownership alone would open root's files, without any capability.
 * A user's task is the user itself, through 0 of the outer namespace.
 */
export function toTaskIds({ uid, gid }: InvokerIds): TaskIds {
  const invoker = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (uid === 0 || gid === 0)
    throw new SandboxError("sandbox-unavailable", "a task never runs with host id 0");
  if (invoker.uid === 0)
    return {
      mode: "root",
      invoker,
      stageUid: uid,
      stageGid: gid,
      uidMappings: ALL_BUT_ROOT,
      gidMappings: ALL_BUT_ROOT,
      steps: [],
    };
  if (uid !== invoker.uid || gid !== invoker.gid)
    throw new SandboxError(
      "sandbox-unavailable",
      `user ${invoker.uid} cannot start a task as ${uid}:${gid}`,
    );
  return {
    mode: "user",
    invoker,
    stageUid: 0,
    stageGid: 0,
    uidMappings: [{ containerID: uid, hostID: 0, size: 1 }],
    gidMappings: [{ containerID: gid, hostID: 0, size: 1 }],
    steps: [],
  };
}
