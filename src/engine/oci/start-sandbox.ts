import { SandboxError } from "../../core/error.js";
import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { type StageProcess, spawnStage } from "../../host/spawn-stage.js";
import type { RunningSandbox, StartOptions } from "../engine.js";
import { findSystemProgram, type Runtime } from "./find-runtime.js";
import { obtainFilter } from "./obtain-filter.js";
import type { OciEngineOptions } from "./open-oci-engine.js";
import { planBase, planTask, toMountpoint } from "./plan-sandbox.js";
import { planLimits } from "./plan-limits.js";
import { RunningStage } from "./running-stage.js";
import { readSeccompProfile } from "./seccomp-profile.js";
import { StageChannel } from "./stage-channel.js";
import { toTaskIds } from "./task-ids.js";
import { connectStreams, planStreams, type StreamPlan } from "./task-streams.js";

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

/**
 * Makes one sandbox and resolves when its task has begun, or is known to be missing. The stage is started first: while it
 * comes up, its plan is made.
 */
export async function startSandbox(input: StartSandboxInput): Promise<RunningSandbox> {
  const streams = planStreams(input.spec, input.options.io);
  const stageArgv = [findPerl(), input.stage, String(process.pid)] as const;
  const child = await spawnStage({
    argv: [...stageArgv, streams.pipes],
    env: STAGE_ENV,
    streams: streams.modes,
  });
  try {
    return await bringUp(input, { child, streams, stageArgv });
  } catch (error) {
    child.kill();
    await child.closed;
    throw error;
  }
}

interface Stage {
  readonly child: StageProcess;
  readonly streams: StreamPlan;
  readonly stageArgv: readonly [string, ...string[]];
}

async function bringUp(input: StartSandboxInput, stage: Stage): Promise<RunningSandbox> {
  const { spec, options, runtime } = input;
  const { child } = stage;
  const channel = new StageChannel(child);
  const planInput = { spec, options, runtime, ids: toTaskIds(spec), purpose: "run" } as const;
  channel.sendFrame(planBase(planInput));
  const seccomp = await obtainFilter({
    runtime,
    profileText: readSeccompProfile(input.engine.profilesDir, spec.seccomp),
    cacheDir: input.engine.cacheDir,
    scratchDir: options.scratchDir,
    sandboxId: options.sandboxId,
    uid: spec.uid,
    gid: spec.gid,
    stageArgv: stage.stageArgv,
    stageEnv: STAGE_ENV,
  });
  const descriptors = await channel.pipes;
  const limits = planLimits(spec.limits, options.sandboxId);
  const plan = planTask(planInput, { seccomp, limits });
  const streams = connectStreams(child, options.io, {
    plan: stage.streams,
    descriptors,
    begun: channel.begun,
  });
  channel.sendFrame(plan);
  const sandbox = new RunningStage({
    child,
    channel,
    streams,
    runtime: runtime.name,
    limits: limits.reports,
    spec,
    mountpoint: toMountpoint(options.scratchDir),
    abort: options.abort,
    cleanUp: limits.cleanUp,
  });
  await channel.begun.catch(async (error: unknown) => {
    await sandbox.wait();
    throw error;
  });
  return sandbox;
}

function findPerl(): string {
  const perl = findSystemProgram("perl");
  if (perl !== undefined) return perl;
  throw new SandboxError("sandbox-unavailable", "perl not found", {
    hint: "apt-get install -y --no-install-recommends perl-base",
  });
}
