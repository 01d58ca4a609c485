import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  realpathSync,
  statfsSync,
  statSync,
} from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where this user's state lies: `$SANDBOX_HOME`, else `$XDG_STATE_HOME/sandbox`, else `~/.local/state/sandbox`.
 * A relative `XDG_STATE_HOME` is ignored (XDG base directory specification), and so is a HOME that belongs to
 * someone else (`sudo -E`). Throws `usage` where `SANDBOX_HOME` is relative. Creates nothing.
 */
export function stateHome(env: Env, uid: number): string {
  const own = env["SANDBOX_HOME"];
  if (own !== undefined && own !== "") {
    if (path.isAbsolute(own)) return path.resolve(own);
    throw new SandboxError("usage", `SANDBOX_HOME is not an absolute path: ${own}`);
  }
  const home = personHome(env, uid);
  const xdg = env["XDG_STATE_HOME"];
  const base = xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(home, ".local", "state");
  return path.join(base, "sandbox");
}

/** The home directory of the person `uid`, its symlinks resolved: `$HOME` where it is theirs, else what passwd says. */
export function personHome(env: Env, uid: number): string {
  const home = env["HOME"];
  const isTheirs = home !== undefined && path.isAbsolute(home) && ownerOf(home) === uid;
  return resolveExisting(isTheirs ? home : userInfo().homedir);
}

/** `home` with its symlinks resolved as far as it exists. Throws `usage` where what is there is not safe to use. */
export function openStateHome(home: string): string {
  const real = resolveExisting(home);
  checkHome(real);
  return real;
}

/** statfs(2) `f_type` of filesystems that take no directories: proc, sysfs, cgroup2. */
const NO_STATE: ReadonlySet<number> = new Set([0x9fa0, 0x62656572, 0x63677270]);

/** One that is not there yet says nothing about its sessions: it must be one that can come to be. */
function checkMakeable(home: string): void {
  let above = path.dirname(home);
  while (lstatSync(above, { throwIfNoEntry: false }) === undefined) above = path.dirname(above);
  const isMakeable =
    statSync(above).isDirectory() && !NO_STATE.has(statfsSync(above).type) && isWritable(above);
  if (isMakeable) return;
  throw new SandboxError("usage", `the state directory ${home} is not there, and cannot be made`, {
    hint: "set SANDBOX_HOME to a directory of yours",
  });
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (hasErrno(error, "EACCES", "EROFS", "EPERM")) return false;
    throw error;
  }
}

/** Makes the state directory and its standing parts. Cheap where they are there. */
export function makeStateHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SandboxError("unexpected", `the state directory ${home} cannot be made`, {
      hint: "set SANDBOX_HOME to a directory of yours",
      cause: error,
    });
  }
  checkHome(home);
}

/** Other people must not be able to put sessions, journals or pre-images in here. */
function checkHome(home: string): void {
  const stat = lstatSync(home, { throwIfNoEntry: false });
  if (stat === undefined) {
    checkMakeable(home);
    return;
  }
  const uid = process.geteuid?.() ?? 0;
  const hint = "set SANDBOX_HOME to a directory of yours that nobody else can write to";
  if (!stat.isDirectory())
    throw new SandboxError("usage", `the state directory ${home} is not a directory`, { hint });
  if (stat.uid !== uid)
    throw new SandboxError("usage", `the state directory ${home} belongs to user ${stat.uid}`, {
      hint,
    });
  if ((stat.mode & 0o022) !== 0)
    throw new SandboxError("usage", `others can write to the state directory ${home}`, {
      hint: `chmod 700 ${home}`,
    });
}

function resolveExisting(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (hasErrno(error, "ENOTDIR"))
      throw new SandboxError("usage", `${file}: a part of this path is not a directory`, {
        hint: "set SANDBOX_HOME to a directory of yours",
        cause: error,
      });
    if (hasErrno(error, "EACCES"))
      throw new SandboxError("usage", `${file}: you may not look into a directory of this path`, {
        hint: "set SANDBOX_HOME to a directory of yours",
        cause: error,
      });
    if (!hasErrno(error, "ENOENT")) throw error;
    const parent = path.dirname(file);
    return parent === file ? file : path.join(resolveExisting(parent), path.basename(file));
  }
}

function ownerOf(directory: string): number | undefined {
  return statSync(directory, { throwIfNoEntry: false })?.uid;
}
