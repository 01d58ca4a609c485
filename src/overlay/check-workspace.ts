import { lstatSync, readdirSync, statfsSync } from "node:fs";
import { SandboxError } from "../core/error.js";
import type { MountPoint } from "../host/mountinfo.js";
import { mountsBelow, readMountInfo } from "../host/mountinfo.js";
import { BESIDE_NAME } from "./layers-root.js";
import { isInside } from "../core/system-path.js";

/** What a workspace is checked against; all absolute paths without symlinks. */
export interface CheckWorkspaceOptions {
  readonly stateHome: string;
  readonly homeDir: string;
  /** The session's other workspaces. */
  readonly others?: readonly string[];
}

const CHOOSE = "choose a project with --dir";

/** statfs(2) `f_type` of what the kernel takes no lowerdir from, or what is no project. */
const UNSUPPORTED: ReadonlyMap<number, string> = new Map([
  [0x794c7630, "overlayfs"],
  [0x61756673, "aufs"],
  [0xf15f, "eCryptfs"],
  [0x4d44, "FAT"],
  [0x2011bab0, "exFAT"],
  [0x9fa0, "proc"],
  [0x62656572, "sysfs"],
  [0x1cd1, "devpts"],
  [0x27e0eb, "cgroup"],
  [0x63677270, "cgroup2"],
  [0x64626720, "debugfs"],
  [0x74726163, "tracefs"],
  [0xcafe4a11, "bpffs"],
]);

/** `checkWorkspace` for each of a session's workspaces, and that none lies in another. */
export function checkWorkspaces(
  workspaces: readonly string[],
  options: Omit<CheckWorkspaceOptions, "others">,
): void {
  workspaces.forEach((workspace, index) => {
    checkWorkspace(workspace, { ...options, others: workspaces.slice(0, index) });
  });
}

/**
 * Refuses, with code `usage`, a directory no overlay can be laid over or that is no project. `workspace`
 * is absolute and has no symlinks.
 */
export function checkWorkspace(workspace: string, options: CheckWorkspaceOptions): void {
  checkIsDirectory(workspace);
  if (workspace === "/") refuse("the whole filesystem cannot be a workspace", CHOOSE);
  if (workspace === options.homeDir)
    refuse(`your home directory cannot be a workspace: ${workspace}`, CHOOSE);
  checkStateHome(workspace, options.stateHome);
  checkOthers(workspace, options.others ?? []);
  checkFilesystem(workspace);
  checkMounts(workspace, readMountInfo());
}

function checkIsDirectory(workspace: string): void {
  const stats = lstatSync(workspace, { throwIfNoEntry: false });
  if (stats === undefined) refuse(`no such directory: ${workspace}`, "create it, or name another");
  if (!stats.isDirectory()) refuse(`not a directory: ${workspace}`, "a workspace is a directory");
}

function checkStateHome(workspace: string, stateHome: string): void {
  if (isInside(stateHome, workspace))
    refuse(
      `${workspace} contains the sandbox's own state (${stateHome})`,
      "choose a directory further down, or move SANDBOX_HOME",
    );
  if (isInside(workspace, stateHome))
    refuse(`${workspace} lies in the sandbox's own state (${stateHome})`, CHOOSE);
}

function checkOthers(workspace: string, others: readonly string[]): void {
  for (const other of others) {
    if (other === workspace) refuse(`named twice: ${workspace}`, "give each --dir once");
    if (isInside(workspace, other) || isInside(other, workspace))
      refuse(`one workspace lies in the other: ${workspace}, ${other}`, "the outer one is enough");
  }
}

function checkFilesystem(workspace: string): void {
  const name = UNSUPPORTED.get(statfsSync(workspace).type >>> 0);
  if (name === undefined) return;
  refuse(
    `no overlay can be laid over ${workspace}: it is on ${name}`,
    "copy the project to a local disk",
  );
}

function checkMounts(workspace: string, mounts: readonly MountPoint[]): void {
  const [below] = mountsBelow(workspace, mounts);
  if (below !== undefined)
    refuse(
      `${workspace} contains a mount point: ${below.mountPoint}`,
      "an overlay does not reach into other mounts: unmount it, or choose a directory beside it",
    );
  if (mounts.some((mount) => mount.mountPoint === workspace)) checkNoLayers(workspace);
}

/** Layers beside a mount point (`layers-root.ts`) would lie in this workspace. */
function checkNoLayers(workspace: string): void {
  const layers = readdirSync(workspace, { withFileTypes: true }).find(
    (entry) => BESIDE_NAME.test(entry.name) && entry.isDirectory(),
  );
  if (layers !== undefined)
    refuse(
      `${workspace} contains the layers of other sessions (${layers.name})`,
      "commit or discard those sessions first, or choose a directory further down",
    );
}

function refuse(message: string, hint: string): never {
  throw new SandboxError("usage", message, { hint });
}
