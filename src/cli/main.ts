import type { WebOptions } from "../web/open-web.js";
import { nameOfUser } from "../host/name-of-user.js";
import { readFileSync } from "node:fs";
import path from "node:path";
import { isatty } from "node:tty";
import type { Controller, EngineChoice, HostPort } from "../controller/controller.js";
import { resolvePath } from "../controller/expand-paths.js";
import { SandboxError } from "../core/error.js";
import type { ProcessStamp } from "../core/session.js";
import type { Engine } from "../engine/engine.js";
import { tryLock } from "../host/file-lock.js";
import { findProgram } from "../host/find-program.js";
import { findTool } from "../host/find-tool.js";
import { appendToFile, holdFile } from "../host/held-file.js";
import { isSandboxAlive } from "../host/is-sandbox-alive.js";
import { readProcessStamp } from "../host/process-stamp.js";
import { chooseTaskIds } from "../host/task-ids.js";
import { openStore } from "../store/open-store.js";
import { personHome, stateHome } from "../store/state-home.js";
import type { CliContext } from "./cli-context.js";
import { mindClosedPipe } from "./mind-closed-pipe.js";
import { runCommandLine } from "./parse-command-line.js";
import { findLauncher, programRoot, readVersion } from "./program-place.js";
import { createProgress, type Progress } from "./progress.js";
import { renderError } from "./render-error.js";

/** The program: composes what the commands need, runs one, and ends with its exit code. */
async function main(): Promise<void> {
  const { env } = process;
  const argv = process.argv.slice(2);
  const context: CliContext = {
    cwd: process.cwd(),
    env,
    isTerminal: isatty,
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return mindClosedPipe(process.stdout);
    },
    get stderr() {
      return mindClosedPipe(process.stderr);
    },
    completionTable: async () => {
      const { toCompletionTable } = await import("./to-completion-table.js");
      return toCompletionTable(context, findLauncher());
    },
    attachTerminal: async (onResize) => {
      const { attachTerminal } = await import("../host/attach-terminal.js");
      return attachTerminal(process.stdin, process.stdout, onResize);
    },
    flushInput: async () => {
      while (process.stdin.read() !== null);
      if (isatty(0)) (await import("../host/native.js")).openNative().tcflushInput(0);
    },
    holdFile,
    appendTo: appendToFile,
    version: readVersion(),
    openPager: async (pager) => (await import("../host/run-pager.js")).openPager(pager, { env }),
    openWeb: async (o) => {
      const { openWeb } = await import("../web/open-web.js");
      return openWeb({ ...o, callerOf: await toCallerOf() });
    },
    openController: async () => openController((line) => void context.stderr.write(`${line}\n`)),
  };
  process.once("beforeExit", sayUnfinished);
  try {
    process.exitCode = await runCommandLine(argv, context);
  } catch (error) {
    process.exitCode = await renderError(error, context, wantsJson(argv));
  }
  process.off("beforeExit", sayUnfinished);
}

/** Nothing is left to wait for and the command has not ended: Node would end with success. */
function sayUnfinished(): void {
  process.exitCode = 1;
  process.stderr.write("sandbox: unexpected end: something that was waited for never came\n");
}

function openController(notice: (line: string) => void): Controller {
  const env = process.env;
  const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const cwd = process.cwd();
  const store = openStore({ home: stateHome(env, self.uid) });
  return {
    store,
    stateHome: store.home,
    cwd,
    env,
    invokerPath: env["SANDBOX_INVOKER_PATH"] ?? env["PATH"] ?? "",
    programRoot: path.join(programRoot(), "..", ".."),
    profiles: {
      builtIn: path.join(programRoot(), "profiles"),
      administrator: "/etc/sandbox",
      user: path.join(configHome(env, personHome(env, self.uid)), "sandbox"),
      uid: self.uid,
    },
    openShellParser,
    personHome: personHome(env, self.uid),
    self,
    host: toHostPort(),
    openEngine: (choice) =>
      openEngine(choice, store.home, { env, ...self, home: personHome(env, self.uid) }),
    resolvePath: (text) => resolvePath(path.resolve(cwd, text)),
    progress: lazyProgress(),
    notice,
  };
}

/** `$XDG_CONFIG_HOME`; a relative one is to be ignored (XDG Base Directory Specification 0.8). */
function configHome(env: NodeJS.ProcessEnv, home: string): string {
  const asked = env["XDG_CONFIG_HOME"] ?? "";
  return path.isAbsolute(asked) ? asked : path.join(home, ".config");
}

async function openShellParser(): ReturnType<Controller["openShellParser"]> {
  const module = await import("../policy/commands/open-shell-parser.js");
  const read = (name: string): Uint8Array => readFileSync(path.join(programRoot(), "wasm", name));
  return module.openShellParser({
    runtime: read("web-tree-sitter.wasm"),
    bash: read("tree-sitter-bash.wasm"),
  });
}

/** The owner of the service and root may ask through its socket. */
async function toCallerOf(): Promise<WebOptions["callerOf"]> {
  const { openPeerCredentials } = await import("../host/peer-credentials.js");
  const uidOf = openPeerCredentials();
  return ({ socket }) => {
    const uid = uidOf(socket);
    if (uid === undefined || (uid !== 0 && uid !== process.getuid?.())) return undefined;
    return { by: { kind: "user", uid, name: nameOfUser(uid) }, role: "all" };
  };
}

function lazyProgress(): Progress {
  let progress: Progress | undefined;
  return (what, count) => {
    progress ??= createProgress(process.stderr);
    progress(what, count);
  };
}

function toHostPort(): HostPort {
  let native: ReturnType<HostPort["native"]> | undefined;
  return {
    native: () => {
      native ??= import("../host/native.js").then((module) => module.openNative());
      return native;
    },
    findProgram,
    findTool,
    chooseTaskIds,
    processStamp: ownStamp,
    isSandboxAlive,
    runForOutput: async (argv, timeoutMs, o) =>
      (await import("../host/run-for-output.js")).runForOutput(argv, timeoutMs, o),
    runHook: async (argv, o) => (await import("../host/run-hook.js")).runHook(argv, o),
    openProject,
    tryLockDirectory: (libc, directory) => tryLock(libc, directory, { directory: true }),
  };
}

async function openProject(directory: string): ReturnType<HostPort["openProject"]> {
  const { openProjectDirectory } = await import("../host/project-directory.js");
  const { openNative } = await import("../host/native.js");
  return openProjectDirectory(directory, openNative());
}

/** The invoker, whose own environment and home say which daemon is meant. */
interface Person {
  readonly env: NodeJS.ProcessEnv;
  readonly uid: number;
  readonly home: string;
}

async function openEngine(
  choice: EngineChoice,
  stateHome: string,
  person: Person,
): Promise<Engine> {
  const { engine = "oci" } = choice;
  if (engine === "oci") return openOci(choice, stateHome, person);
  if (engine === "docker") return openDocker(choice, stateHome, person);
  throw new SandboxError("usage", `--engine: oci or docker, not ${engine}`);
}

async function openOci(
  { runtime }: EngineChoice,
  stateHome: string,
  person: Person,
): Promise<Engine> {
  if (runtime !== undefined && runtime !== "crun" && runtime !== "runc" && runtime !== "runsc")
    throw new SandboxError("usage", `--runtime: crun, runc or runsc, not ${runtime}`);
  const { openOciEngine } = await import("../engine/oci/open-oci-engine.js");
  const profilesDir = path.join(programRoot(), "profiles");
  return openOciEngine({
    cacheDir: path.join(stateHome, "cache"),
    imagesDir: path.join(stateHome, "images"),
    daemonSearch: person,
    profilesDir,
    ...(runtime === undefined ? {} : { runtime }),
  });
}

/** What a session's record says of a daemon's own default runtime. */
const DEFAULT_RUNTIME = "docker";

async function openDocker(
  { runtime, daemon }: EngineChoice,
  stateHome: string,
  person: Person,
): Promise<Engine> {
  if (runtime !== undefined && !/^[\w.-]+$/.test(runtime))
    throw new SandboxError("usage", `--runtime: not the name of a runtime: ${runtime}`);
  const { openDockerEngine } = await import("../engine/docker/open-docker-engine.js");
  const { findDaemon } = await import("../engine/docker/find-daemon.js");
  return openDockerEngine({
    daemon: findDaemon({ ...person, ...(daemon === undefined ? {} : { wanted: daemon }) }),
    stateHome,
    cacheDir: path.join(stateHome, "cache"),
    profilesDir: path.join(programRoot(), "profiles"),
    owner: ownStamp(),
    ...(runtime === undefined || runtime === DEFAULT_RUNTIME ? {} : { runtime }),
  });
}

function ownStamp(): ProcessStamp {
  const stamp = readProcessStamp();
  if (stamp === undefined) throw new SandboxError("unexpected", "/proc does not show this process");
  return stamp;
}

/** `--json` before the task's own arguments: errors are JSON too, also those of the command line itself. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes("--json");
}

void main();
