import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** How a daemon of the tests is started. */
export interface DockerdOptions {
  /** A directory of the daemon's own, on a real filesystem; all it keeps is in there. */
  readonly dir: string;
  /** Words before `dockerd`, e.g. another `unshare` than the usual one. They must `exec`, so that the pid stays. */
  readonly prefix?: readonly string[];
  /** More arguments, e.g. `--host tcp://…`. */
  readonly args?: readonly string[];
  /** More of daemon.json. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A running daemon. */
export interface Dockerd {
  readonly pid: number;
  /** `unix://` and the socket's path. */
  readonly address: string;
  readonly socket: string;
  /** What it has logged so far. */
  readLog(): string;
  /** SIGTERM, then SIGKILL; resolves when it and its containers are gone. Idempotent. */
  stop(): Promise<void>;
}

/** A mount namespace of its own: what it mounts goes with it, whatever kills it. What the host mounts, it sees. */
const OWN_MOUNTS = ["unshare", "--mount", "--propagation", "slave"] as const;
const START_MS = 60_000;
const STOP_MS = 30_000;

/**
 * Starts `dockerd` with the runtimes runc and runsc, without a bridge or iptables. It ends by itself (SIGTERM) when the
 * process that started it dies. Root only; rejects with its log where it does not come up.
 */
export async function startDockerd(options: DockerdOptions): Promise<Dockerd> {
  const { dir } = options;
  const socket = path.join(dir, "docker.sock");
  const logFile = path.join(dir, "dockerd.log");
  mkdirSync(dir, { recursive: true, mode: 0o711 });
  writeFileSync(path.join(dir, "daemon.json"), JSON.stringify(toConfig(options)));
  const log = openSync(logFile, "a", 0o600);
  const [file = "", ...rest] = [...(options.prefix ?? OWN_MOUNTS), ...toArgv(options, socket)];
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: dir, TMPDIR: dir };
  const child = spawn(file, rest, { stdio: ["ignore", log, log], env, cwd: "/" });
  closeSync(log);
  const readLog = (): string => readFileSync(logFile, "utf8");
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  try {
    await waitForAnswer(socket, gone);
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`dockerd does not come up: ${String(error)}\n${readLog().slice(-3000)}`);
  }
  child.unref();
  const stop = once(() => stopChild(child, gone, dir));
  return { pid: child.pid ?? 0, address: `unix://${socket}`, socket, readLog, stop };
}

function toConfig({ config }: DockerdOptions): object {
  return {
    runtimes: { runsc: { path: "/usr/bin/runsc", runtimeArgs: ["--network=none"] } },
    "shutdown-timeout": 5,
    ...config,
  };
}

function toArgv({ dir, args = [] }: DockerdOptions, socket: string): readonly string[] {
  return [
    ...["setpriv", "--pdeathsig", "TERM", "dockerd"],
    ...["--config-file", path.join(dir, "daemon.json"), "--host", `unix://${socket}`],
    ...["--data-root", path.join(dir, "data"), "--exec-root", path.join(dir, "exec")],
    ...["--pidfile", path.join(dir, "pid"), "--bridge=none", "--iptables=false"],
    ...["--ip-forward=false", `--cgroup-parent=/${path.basename(dir)}`, "--group", "root"],
    ...args,
  ];
}

async function waitForAnswer(socket: string, gone: Promise<void>): Promise<void> {
  let ended = false;
  void gone.then(() => {
    ended = true;
  });
  const deadline = Date.now() + START_MS;
  while (!(existsSync(socket) && (await answers(socket)))) {
    if (ended) throw new Error("it has ended");
    if (Date.now() > deadline) throw new Error(`no answer for ${START_MS} ms`);
    await delay(50);
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: "/_ping", timeout: 5000 }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode === 200));
    });
    asked.once("error", () => resolve(false));
    asked.end();
  });
}

async function stopChild(child: ChildProcess, gone: Promise<void>, dir: string): Promise<void> {
  child.ref();
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await gone;
  clearTimeout(killer);
  endLeftovers(dir);
}

/** Ends what belongs to a daemon that is gone: its containerd, shims and containers. All of them name its directory. */
export function endLeftovers(dir: string): void {
  for (const pid of findByArgument(`${dir}/`)) kill(pid);
  // Deepest first; cgroups(7): a group can be removed when it is empty.
  spawnSync("find", [
    ...["/sys/fs/cgroup", "-mindepth", "2", "-depth", "-type", "d"],
    ...["-path", `*/${path.basename(dir)}*`, "-exec", "rmdir", "{}", "+"],
  ]);
}

function findByArgument(part: string): readonly number[] {
  const { stdout } = spawnSync("pgrep", ["-f", "--", part], { encoding: "utf8" });
  return stdout.split("\n").filter(Boolean).map(Number).filter(isDaemons);
}

/** By its program, lest a shell or an editor that only names the directory is meant. */
function isDaemons(pid: number): boolean {
  try {
    const [program = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return /^(dockerd|containerd(-shim[-\w]*)?|runc|runsc(-\w+)?)$/.test(path.basename(program));
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone by itself.
  }
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= act();
    return done;
  };
}
