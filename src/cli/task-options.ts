import type { Command } from "commander";
import type { RunRequest } from "../controller/run-request.js";
import { SandboxError } from "../core/error.js";
import { collect } from "./cli-command.js";

/** What says how a task is run, wherever it is asked for. */
export interface TaskOptions {
  readonly profile?: string;
  readonly dir?: readonly string[];
  readonly engine?: string;
  readonly runtime?: string;
  readonly image?: string;
  readonly env?: readonly string[];
  readonly ro?: readonly string[];
  readonly hide?: readonly string[];
  readonly tool?: readonly string[];
  readonly timeout?: string;
  readonly memory?: string;
  readonly cpus?: string;
  readonly pids?: string;
  readonly disk?: string;
  readonly name?: string;
  readonly network?: string;
  readonly allow?: readonly string[];
}

/** Adds them to `run` and `submit`. */
export function addTaskOptions(command: Command): Command {
  return command
    .option("--profile <name|file>", "what the task may do (default: default; see sandbox policy)")
    .option("--dir <path>", "workspace (default: the current directory; repeatable)", collect)
    .option("--ro <path>", "mount PATH readable only (repeatable)", collect)
    .option("--hide <path>", "hide PATH from the task (repeatable; * and ? match)", collect)
    .option("--tool <path>", "mount a tool's directory readable only (repeatable)", collect)
    .option("--env <name[=value]>", "pass or set a variable (repeatable)", collect)
    .option("--engine <name>", "oci or docker (default: oci)")
    .option("--runtime <name>", "crun, runc or runsc; of docker, one its daemon has")
    .option(
      "--image <reference>",
      "root filesystem: an image of the daemon, an archive, an OCI layout",
    )
    .option("--timeout <time>", "end the task after this time, e.g. 90s, 10m")
    .option("--memory <size>", "e.g. 512MiB, 4GiB")
    .option("--cpus <number>", "e.g. 1.5")
    .option("--pids <number>", "how many processes at once (default 4096)")
    .option("--disk <size>", "how much the task may write to its layers, e.g. 10GiB")
    .option("--network <mode>", "none, allowlist or open: any public address (default: none)")
    .option("--allow <host[:port]>", "let the task reach HOST, *.SUFFIX too (repeatable)", collect)
    .option("--name <name>", "a name for the session");
}

/** Adds `--tty` and `--no-tty`, of which one may be given. */
export function addTtyOptions(command: Command): Command {
  const given = new Set<string>();
  const take = (flag: string): void => {
    given.add(flag);
    if (given.size > 1) throw new SandboxError("usage", "--tty and --no-tty exclude each other");
  };
  return command
    .option("-t, --tty", "give the task a terminal (default: if stdin and stdout are one)")
    .option("-T, --no-tty", "give it none")
    .on("option:tty", () => take("--tty"))
    .on("option:no-tty", () => take("--no-tty"));
}

/** A request as they say, without its command. */
export function toTaskRequest(options: TaskOptions): Omit<RunRequest, "command" | "terminal"> {
  return {
    profile: options.profile,
    dirs: options.dir ?? [],
    engine: options.engine,
    runtime: options.runtime,
    image: options.image,
    env: options.env ?? [],
    readOnly: options.ro ?? [],
    hide: options.hide ?? [],
    tools: options.tool ?? [],
    timeout: options.timeout,
    memory: options.memory,
    cpus: options.cpus,
    pids: options.pids,
    upper: options.disk,
    name: options.name,
    network: options.network,
    allow: options.allow ?? [],
  };
}
