import { spawnSync } from "node:child_process";
import { chownSync, chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** What a command run as the plain user did. */
interface PlainUserResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run as the plain user. Nothing of our own environment is passed but what `env` names. */
interface PlainUserRunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Milliseconds, 120,000 unless said. */
  readonly timeout?: number;
}

/** An ordinary user of this machine: not root, with an empty home. Disposing of it removes user, home and processes. */
export interface PlainUser extends Disposable {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** A group the user is in besides its own; undefined where we are not root and could not make one. */
  readonly extraGroup: { readonly name: string; readonly gid: number } | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** `argv` in words that, spawned by us, run it as the user. */
  command(argv: readonly string[]): readonly [string, ...string[]];
  run(argv: readonly string[], options?: PlainUserRunOptions): PlainUserResult;
  /** Gives a path (not what lies below it) to the user. */
  give(target: string): void;
}

const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
const NAME = /^sbxt(\d+)x\d+$/;

/**
 * Opens an ordinary user. As root a new one is made (with subordinate ids, as `useradd` gives them) and removed on
 * disposal; otherwise it is the user who runs the tests, with a home of its own.
 */
export function openPlainUser(): PlainUser {
  return process.getuid?.() === 0 ? openMadeUser() : openOwnUser();
}

function openMadeUser(): PlainUser {
  removeStaleUsers();
  const name = `sbxt${process.pid}x${Date.now() % 100_000}`;
  const group = `${name}g`;
  const home = makeHome();
  admin(["groupadd", group]);
  admin(["useradd", "--no-log-init", "-M", "-d", home, "-s", "/bin/sh", "-U", "-G", group, name]);
  const [uid, gid] = readIds("/etc/passwd", name);
  const [extraGid] = readIds("/etc/group", group);
  chownSync(home, uid, gid);
  const ids = ["--reuid", String(uid), "--regid", String(gid), "--init-groups"];
  return toUser({
    ...{ name, uid, gid, home, extraGroup: { name: group, gid: extraGid } },
    command: (argv) => ["setpriv", ...ids, "--", ...argv],
    dispose: () => removeUser(name, uid, home),
  });
}

function openOwnUser(): PlainUser {
  const home = makeHome();
  return toUser({
    ...{ name: process.env["USER"] ?? "user", home, extraGroup: undefined },
    ...{ uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 },
    command: ([file = "true", ...rest]) => [file, ...rest],
    dispose: () => rmSync(home, { recursive: true, force: true }),
  });
}

type UserParts = Pick<PlainUser, "name" | "uid" | "gid" | "home" | "extraGroup" | "command"> & {
  readonly dispose: () => void;
};

function toUser(parts: UserParts): PlainUser {
  const { dispose, ...user } = parts;
  const env = {
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    PATH: SYSTEM_PATH,
    LANG: "C.UTF-8",
  };
  return {
    ...user,
    env,
    run: (argv, options = {}) => runAs({ ...user, env }, argv, options),
    give: (target) => chownSync(target, user.uid, user.gid),
    [Symbol.dispose]: dispose,
  };
}

function runAs(
  user: Pick<PlainUser, "command" | "home" | "env">,
  argv: readonly string[],
  options: PlainUserRunOptions,
): PlainUserResult {
  const [file, ...rest] = user.command(argv);
  const result = spawnSync(file, rest, {
    cwd: options.cwd ?? user.home,
    env: { ...user.env, ...options.env },
    input: options.input ?? "",
    encoding: "utf8",
    timeout: options.timeout ?? 120_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined) throw result.error;
  return result;
}

/** Readable for others on the way to it: a user reaches a home below a 0700 directory of root's never. */
function makeHome(): string {
  const home = mkdtempSync(path.join(tmpdir(), "sbx-home-"));
  chmodSync(home, 0o755);
  return home;
}

function readIds(file: string, name: string): [number, number] {
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((candidate) => candidate.startsWith(`${name}:`));
  const [, , first = "", second = ""] = (line ?? "").split(":");
  if (first === "") throw new Error(`${name} is not in ${file}`);
  return [Number(first), Number(second)];
}

/** Processes that are left belong to a test that did not clean up: they are ended, and the test is told. */
function removeUser(name: string, uid: number, home: string): void {
  const left = listProcesses(uid);
  if (left !== "") spawnSync("pkill", ["-KILL", "-u", String(uid)]);
  admin(["userdel", "-f", name]);
  spawnSync("groupdel", [`${name}g`]);
  rmSync(home, { recursive: true, force: true });
  if (left !== "")
    throw new Error(`the plain user ${name} left processes: ${left.replaceAll("\n", ", ")}`);
}

/** Those that still run: a dead one whose parent was killed waits for init, which may take its time. */
function listProcesses(uid: number): string {
  const { stdout } = spawnSync("ps", ["-o", "stat=,pid=,comm=", "-u", String(uid)], {
    encoding: "utf8",
  });
  const lines = stdout.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("Z")).join("\n");
}

/** Users of test processes that were killed before they could remove theirs. */
function removeStaleUsers(): void {
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [name = "", , uid = "", , , home = ""] = line.split(":");
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    try {
      removeUser(name, Number(uid), home);
    } catch (error) {
      // Another test process may have been quicker.
      if (readFileSync("/etc/passwd", "utf8").includes(`${name}:`)) throw error;
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function admin([file = "", ...rest]: readonly string[]): void {
  const result = spawnSync(file, rest, { encoding: "utf8" });
  if (result.status !== 0)
    throw new Error(`${file} ${rest.join(" ")}: ${result.stderr || String(result.error)}`);
}
