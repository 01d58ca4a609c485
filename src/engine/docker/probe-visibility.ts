import { lstatSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { hasErrno, isSandboxError } from "../../core/error.js";
import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { randomBytes } from "../../host/random-bytes.js";
import type { ContainerMount, OpenLayersInput } from "./container-layers.js";
import { toContentId } from "./content-id.js";
import { refuseUnfit } from "./refuse-unfit.js";
import { runHelper } from "./run-helper.js";

/** Levels from an upperdir up to what all sessions have in common. */
const UP_TO_SESSIONS = 4;

/**
 * True where the daemon sees the workspaces and the layers as this machine does: one in a virtual machine, or with another view of the
 * filesystem, has other files at the same paths, or none. Tried with a container; a positive answer is kept while
 * nothing that it rests on changes.
 */
export async function probeVisibility(input: OpenLayersInput): Promise<boolean> {
  const file = path.join(input.cacheDir, "visible", toKey(input));
  if (isKept(file)) return true;
  const isVisible = await tryPaths(input);
  if (isVisible) {
    await refuseUnfit(input.daemon);
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, "", { mode: 0o600 });
  }
  return isVisible;
}

async function tryPaths(input: OpenLayersInput): Promise<boolean> {
  const token = path.join(input.scratchDir, "token");
  const content = randomBytes(32);
  writeFileSync(token, content, { mode: 0o600 });
  const paths = [...toPaths(input.spec), input.scratchDir];
  const targets = paths.map((_, index) => `/mnt/path-${index}`);
  const mounts = paths.map(
    (source, index): ContainerMount => ({
      ...{ type: "bind", source, readOnly: true },
      target: targets[index] ?? "",
    }),
  );
  try {
    const { daemon, ownership } = input;
    const argv = ["stat", ...targets, `${targets.at(-1)}/token`];
    const said = await runHelper({ daemon, ownership, argv, mounts });
    const lines = said.toString("latin1").trimEnd().split("\n");
    const places = [...paths, token].map(toPlace);
    const isSame = places.every((place, index) => lines[index]?.startsWith(`${place} `));
    return isSame && lines.at(-1)?.endsWith(` ${content.toString("hex")}`) === true;
  } catch (error) {
    if (isSandboxError(error) && /bind source path|no such file/i.test(error.message)) return false;
    throw error;
  } finally {
    rmSync(token, { force: true });
  }
}

function toPaths({ mounts }: SandboxSpec): readonly string[] {
  return mounts.flatMap((mount) => (mount.kind === "overlay" ? [mount.lower, mount.upper] : []));
}

/** As `helper.pl` says it: major and minor device, inode. */
function toPlace(file: string): string {
  const { dev, ino } = lstatSync(file, { bigint: true });
  // makedev(3), as glibc packs them.
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  return `${major}:${minor} ${ino}`;
}

/** The daemon, and each workspace and place of layers with its inode. */
function toKey({ daemon, spec }: OpenLayersInput): string {
  // The home's layers lie with those of a workspace, and are new in each session.
  const roots = spec.mounts.flatMap((mount) =>
    mount.kind === "overlay" && mount.target !== spec.home
      ? [mount.lower, toSessions(mount.upper)]
      : [],
  );
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
  const socket = statSync(daemon.address.slice("unix://".length), { throwIfNoEntry: false });
  return toContentId([
    ...[boot, daemon.address, `${socket?.ino} ${socket?.ctimeMs}`],
    ...roots.flatMap((root) => [root, toPlace(root)]),
  ]);
}

function toSessions(upper: string): string {
  let at = upper;
  for (let level = 0; level < UP_TO_SESSIONS; level += 1) at = path.dirname(at);
  return at;
}

function isKept(file: string): boolean {
  try {
    return lstatSync(file).uid === process.getuid?.();
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}
