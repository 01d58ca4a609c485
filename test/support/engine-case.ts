import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import type {
  LimitReport,
  Outcome,
  SandboxMount,
  SandboxSpec,
} from "../../src/core/sandbox-spec.js";
import type {
  Engine,
  RunningSandbox,
  SandboxGateway,
  TerminalSize,
} from "../../src/engine/engine.js";
import { removeTree } from "../../src/host/remove-tree.js";
import { makeTree, openTempDir, type TreeLines } from "./temp-tree.js";

/** An id nobody has: the task's where root runs the tests. */
const ROOTS_TASK = 54_321;

/** One place for sandboxes of an engine: a workspace with its layers, and what lies beside them. */
export interface EngineCase extends Disposable {
  readonly dir: string;
  readonly workspace: string;
  readonly upper: string;
  readonly scratch: string;
  readonly uid: number;
  readonly gid: number;
  /** The workspace as an overlay at its own path. */
  readonly overlay: SandboxMount;
  start(task: TaskOptions): Promise<StartedTask>;
  /** Starts, waits and disposes. */
  run(task: TaskOptions | string): Promise<TaskResult>;
}

/** A task, as far as it differs from the usual one. A string in `run` is a shell script. */
export interface TaskOptions {
  readonly argv: readonly [string, ...string[]];
  readonly spec?: Partial<SandboxSpec>;
  readonly mounts?: readonly SandboxMount[];
  readonly input?: string;
  readonly terminalSize?: TerminalSize;
  readonly abort?: AbortSignal;
  /** With one, the spec's network is `gateway`. */
  readonly gateway?: SandboxGateway;
}

/** A task that runs, with what it has said so far. */
export interface StartedTask {
  readonly sandbox: RunningSandbox;
  /** What it was started by. */
  readonly spec: SandboxSpec;
  readonly sandboxId: string;
  readonly output: { stdout: string; stderr: string };
  /** Where its typing goes, when it was started without `input`. */
  readonly typing: Writable;
  /** Resolves when its output, without escapes, holds `text`; rejects where it ends without. */
  says(text: string): Promise<void>;
}

/** A task that has ended. */
interface TaskResult {
  readonly outcome: Outcome;
  readonly stdout: string;
  readonly stderr: string;
  readonly limits: readonly LimitReport[];
}

/** What a case is about. */
export interface EngineCaseOptions {
  readonly tree?: TreeLines;
  /** `root`: the workspace is root's and the task works on it idmapped. Only as root. */
  readonly owner?: "task" | "root";
  /** Where the layers are made; absent: a temporary directory. */
  readonly at?: string;
}

/** Opens a case for the user who runs the tests. */
export function openEngineCase(engine: Engine, options: EngineCaseOptions = {}): EngineCase {
  const temp = openTempDir();
  const dir = options.at ?? temp.path;
  const isRoot = process.getuid?.() === 0;
  const { uid, gid } = taskIds();
  const [workspace = "", upper = "", work = "", scratch = ""] = PLACES.map((name) =>
    path.join(dir, name),
  );
  makeTree(workspace, options.tree ?? []);
  for (const made of [upper, work]) mkdirSync(made);
  mkdirSync(scratch, { mode: 0o700 });
  if (isRoot) for (const made of [upper, work]) chownSync(made, uid, gid);
  if (isRoot && options.owner !== "root") giveTree(workspace, uid, gid);
  const overlay: SandboxMount = {
    kind: "overlay",
    target: workspace,
    lower: workspace,
    upper,
    work,
    idmap: options.owner === "root" ? "swap-root" : "none",
  };
  const start = (task: TaskOptions): Promise<StartedTask> =>
    startTask(engine, task, { overlay, workspace, work, scratch, uid, gid });
  return {
    dir,
    workspace,
    upper,
    scratch,
    uid,
    gid,
    overlay,
    start,
    run: (task) => runTask(start, typeof task === "string" ? { argv: ["sh", "-c", task] } : task),
    [Symbol.dispose]: () => temp[Symbol.dispose](),
  };
}

const PLACES = ["project", "upper", "work", "scratch"];

function taskIds(): { readonly uid: number; readonly gid: number } {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  return uid === 0 ? { uid: ROOTS_TASK, gid: ROOTS_TASK } : { uid, gid };
}

interface Place {
  readonly overlay: SandboxMount;
  readonly workspace: string;
  readonly work: string;
  readonly scratch: string;
  readonly uid: number;
  readonly gid: number;
}

async function startTask(engine: Engine, task: TaskOptions, place: Place): Promise<StartedTask> {
  // As the sealing of layers does: a volatile overlay is not mounted a second time.
  removeTree(path.join(place.work, "work"));
  const output = { stdout: "", stderr: "" };
  const waiting: (() => void)[] = [];
  const collect = (name: "stdout" | "stderr"): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        output[name] += chunk.toString();
        for (const look of waiting) look();
        done();
      },
    });
  const typed = new Readable({ read() {} });
  const typing = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      typed.push(chunk);
      done();
    },
    final: (done) => {
      typed.push(null);
      done();
    },
  });
  const spec = toSpec(task, place);
  const sandboxId = `t-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  const sandbox = await engine.start(spec, {
    scratchDir: place.scratch,
    sandboxId,
    io: {
      stdin: task.input === undefined ? typed : Readable.from([task.input]),
      stdout: collect("stdout"),
      stderr: collect("stderr"),
    },
    ...(task.terminalSize === undefined ? {} : { terminalSize: task.terminalSize }),
    ...(task.abort === undefined ? {} : { abort: task.abort }),
    ...(task.gateway === undefined ? {} : { gateway: task.gateway }),
  });
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (output.stdout.includes(text)) resolve();
      };
      waiting.push(look);
      look();
      const giveUp = (): void => reject(new Error(`never said ${text}: ${output.stdout}`));
      sandbox.wait().then(giveUp, giveUp);
    });
  return { sandbox, spec, sandboxId, output, typing, says };
}

async function runTask(
  start: (task: TaskOptions) => Promise<StartedTask>,
  task: TaskOptions,
): Promise<TaskResult> {
  const { sandbox, output } = await start({ input: "", ...task });
  const outcome = await sandbox.wait();
  await sandbox[Symbol.asyncDispose]();
  return { outcome, ...output, limits: sandbox.limits };
}

function toSpec(task: TaskOptions, place: Place): SandboxSpec {
  return {
    argv: task.argv,
    cwd: place.workspace,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/home/tester", LANG: "C.UTF-8" },
    uid: place.uid,
    gid: place.gid,
    userName: "tester",
    home: "/home/tester",
    mounts: [place.overlay, ...(task.mounts ?? [])],
    seccomp: "default",
    network: task.gateway === undefined ? "none" : "gateway",
    terminal: false,
    hostname: "sandbox",
    ...task.spec,
    // A task that does not do what a case waits for ends all the same, and fails that case only.
    limits: { timeoutMs: 120_000, ...task.spec?.limits },
  };
}

function giveTree(root: string, uid: number, gid: number): void {
  chownSync(root, uid, gid);
  for (const name of readdirSync(root)) {
    const file = path.join(root, name);
    if (lstatSync(file).isDirectory()) giveTree(file, uid, gid);
    else if (!lstatSync(file).isSymbolicLink()) chownSync(file, uid, gid);
  }
}

/** What a sandbox left in its scratch directory but the record that changes were fetched from a daemon, which is the session's. */
export function findScratch({ scratch }: EngineCase): readonly string[] {
  return readdirSync(scratch).filter((name) => name !== "carried.json");
}

/** Processes of this machine whose command line holds `text`. */
export function findProcesses(text: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readCommandLine(pid).includes(text));
}

function readCommandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
