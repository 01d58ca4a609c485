import { mkdirSync } from "node:fs";
import path from "node:path";
import { SandboxError } from "../../core/error.js";
import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { spawnStage, type StreamMode } from "../../host/spawn-stage.js";
import type { RunningSandbox, SandboxIo, StartOptions } from "../engine.js";
import { findSystemProgram, type Runtime } from "./find-runtime.js";
import type { OciEngineOptions } from "./open-oci-engine.js";
import { readSeccompProfile, toSeccompSection } from "./read-seccomp.js";
import { followStage } from "./running-stage.js";
import { readSystemDirectories } from "./system-directories.js";
import { toTaskIds } from "./task-ids.js";
import { toOciConfig } from "./to-oci-config.js";
import { toStagePlan } from "./to-stage-plan.js";

/** What `startSandbox` needs. */
export interface StartSandboxInput {
  readonly spec: SandboxSpec;
  readonly options: StartOptions;
  readonly runtime: Runtime;
  readonly stage: string;
  readonly engine: OciEngineOptions;
}

/** Programs run with this alone: nothing of the invoker's environment reaches stage or runtime. */
const STAGE_ENV = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

/** Makes the stage of one sandbox and resolves when the task has begun or could not. */
export async function startSandbox(input: StartSandboxInput): Promise<RunningSandbox> {
  const { spec, options } = input;
  const plan = makePlan(input);
  const child = await spawnStage({
    argv: [findPerl(), input.stage, String(process.pid)],
    env: STAGE_ENV,
    ...streamModes(spec, options.io),
  });
  child.control.write(plan);
  return followStage({ child, spec, options, runtime: input.runtime.name, limits: [] });
}

function makePlan({ spec, options, runtime, engine }: StartSandboxInput): Buffer {
  const invoker = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const ids = toTaskIds(spec, invoker);
  const mountpoint = path.join(options.scratchDir, "stage");
  mkdirSync(mountpoint, { recursive: true, mode: 0o700 });
  const profile = readSeccompProfile(engine.profilesDir, spec.seccomp);
  return toStagePlan({
    spec,
    settings: {
      mode: ids.mode,
      uid: String(invoker.uid),
      gid: String(invoker.gid),
      task_uid: String(ids.stageUid),
      task_gid: String(ids.stageGid),
      scratch: mountpoint,
      home: spec.home,
      program: spec.argv[0],
      cwd: spec.cwd,
      path: spec.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    },
    before: ids.steps,
    systemDirectories: readSystemDirectories(),
    stageUid: ids.stageUid,
    stageGid: ids.stageGid,
    config: toOciConfig({
      spec,
      uidMappings: ids.uidMappings,
      gidMappings: ids.gidMappings,
      rlimits: [],
      seccomp: { section: toSeccompSection(profile, process.arch) },
      ...(options.terminalSize === undefined ? {} : { terminalSize: options.terminalSize }),
    }),
    runtime: toRuntimeArguments(runtime, options.sandboxId),
  });
}

function toRuntimeArguments(runtime: Runtime, id: string): readonly string[] {
  const common = ["--root", "@/runtime", "--log", "@/log", "--log-format", "text"];
  const run = ["run", "--bundle", "@/", "--pid-file", "@/started/pid", id];
  return runtime.name === "crun"
    ? [runtime.path, "--cgroup-manager=disabled", ...common, ...run]
    : [runtime.path, ...common, ...run];
}

function findPerl(): string {
  const perl = findSystemProgram("perl");
  if (perl !== undefined) return perl;
  throw new SandboxError("sandbox-unavailable", "perl not found", {
    hint: "apt-get install -y --no-install-recommends perl-base",
  });
}

/** A descriptor of node's own goes to the task only where it is no terminal: a task could type into that. */
function streamModes(
  spec: SandboxSpec,
  io: SandboxIo,
): { stdin: StreamMode; stdout: StreamMode; stderr: StreamMode } {
  const stdin =
    io.stdin === "none" ? "ignore" : io.stdin === "inherit" && !isTerminal(0) ? "inherit" : "pipe";
  return { stdin, stdout: "pipe", stderr: spec.terminal ? "ignore" : "pipe" };
}

function isTerminal(descriptor: 0): boolean {
  return descriptor === 0 && process.stdin.isTTY === true;
}
