import { realpathSync } from "node:fs";
import { SandboxError } from "../../core/error.js";
import type { SandboxImage, SandboxMount, SandboxSpec } from "../../core/sandbox-spec.js";
import { type StageProcess, spawnStage } from "../../host/spawn-stage.js";
import type { RunningSandbox, StartOptions } from "../engine.js";
import type { ListenerDoor } from "../hand-listeners.js";
import { chooseMountpoint, toSources } from "./choose-mountpoint.js";
import { findPerl, type Runtime } from "./find-runtime.js";
import { obtainFilter } from "./obtain-filter.js";
import type { OciEngineOptions } from "./oci-engine-options.js";
import { type PlanSandboxInput, planBase, planTask, toInitArgv } from "./plan-sandbox.js";
import { planLimits } from "./plan-limits.js";
import { refuseNoexec } from "./refuse-noexec.js";
import { RunningStage } from "./running-stage.js";
import { readSeccompProfile } from "./seccomp-profile.js";
import { StageChannel } from "./stage-channel.js";
import { toTaskIds } from "./task-ids.js";
import type { UserAndGroup } from "./user-and-group.js";
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
  refuseTargets(input.spec.mounts);
  refuseNoexec(input.spec, input.runtime.name);
  const streams = planStreams(input.spec, input.options.io);
  const argv = [findPerl(), input.stage, String(process.pid)] as const;
  const child = await spawnStage({
    argv: [...argv, streams.pipes],
    env: STAGE_ENV,
    streams: streams.modes,
  });
  const made = new MadeOnHost();
  try {
    const sandbox = await sendPlan(input, { child, streams, argv, made });
    await sandbox.begun;
    return sandbox;
  } catch (error) {
    child.kill();
    await child.waitClosed();
    await made.remove();
    throw error;
  }
}

/** The runtime mounts its own things there, over whatever else there is. */
const TAKEN = /^\/((proc|dev)(\/.*)?)?$/;

function refuseTargets(mounts: readonly SandboxMount[]): void {
  const taken = mounts.find(({ target }) => TAKEN.test(target));
  if (taken !== undefined)
    throw new SandboxError("usage", `nothing can be mounted at ${taken.target} in a sandbox`);
}

/** What has to be removed when a sandbox is gone, or was not made after all. */
class MadeOnHost {
  readonly #removals: (() => void | Promise<void>)[] = [];

  add(remove: () => void | Promise<void>): void {
    this.#removals.push(remove);
  }

  async remove(): Promise<void> {
    for (const remove of this.#removals.splice(0)) await remove();
  }
}

interface Stage {
  readonly child: StageProcess;
  readonly streams: StreamPlan;
  readonly argv: readonly [string, ...string[]];
  readonly made: MadeOnHost;
}

async function sendPlan(input: StartSandboxInput, stage: Stage): Promise<RunningStage> {
  const { spec, options, runtime } = input;
  const { child, made } = stage;
  const channel = new StageChannel(child);
  const ids = toTaskIds(spec, runtime.name, spec.mounts);
  const perl = findPerl();
  if (spec.image === undefined) refuseHiddenInit(spec, perl);
  const image =
    spec.image && (await openImage(input, { image: spec.image, user: ids.inside, perl }));
  const needed = [
    input.stage,
    ...toSources(spec.mounts),
    ...(image === undefined ? [] : [image.rootfs]),
  ];
  const mountpoint = chooseMountpoint(needed, options.scratchDir);
  made.add(mountpoint.remove);
  const plan = {
    ...{ spec, options, runtime, ids, mountpoint, purpose: "run" as const },
    ...(image === undefined ? {} : { image }),
  };
  using door = await openDoor(input);
  if (door !== undefined) refuseUnixListeners(door, runtime.name);
  channel.sendFrame(planBase(door === undefined ? plan : { ...plan, door }));
  // While the stage works, what takes the sockets is loaded.
  const adopting = door?.adopt(channel.begun);
  adopting?.catch(() => undefined);
  const seccomp = await readFilter(input, stage.argv);
  const descriptors = await channel.pipes;
  // Nothing of the task runs before the gateway has its sockets: it waits for the rest of the plan.
  await adopting;
  const limits = planLimits(spec.limits, options.sandboxId, runtime.name);
  made.add(limits.cleanUp);
  const argv = toInitArgv(spec, image?.perl ?? [perl]);
  const secondFrame = planTask(plan, { argv, seccomp, limits });
  const { begun } = channel;
  const streams = connectStreams(child, options.io, { plan: stage.streams, descriptors, begun });
  // Up to here nothing of the task runs: an abort that came before means that it never does.
  options.abort?.throwIfAborted();
  channel.sendFrame(secondFrame);
  return new RunningStage({
    child,
    channel,
    streams,
    runtime: runtime.name,
    limits: limits.reports,
    countMemoryKills: limits.countMemoryKills,
    spec,
    abort: options.abort,
    cleanUp: () => made.remove(),
  });
}

/** Loaded only with a gateway. */
async function openDoor({ spec, options }: StartSandboxInput): Promise<ListenerDoor | undefined> {
  if (spec.network === "none" && options.gateway === undefined) return undefined;
  const { openListenerDoor, toGateway } = await import("../hand-listeners.js");
  const gateway = toGateway(spec, options);
  return gateway && (await openListenerDoor(gateway, options.scratchDir));
}

/** gVisor passes no connect() on to a socket of the host's (`--host-uds=none`, see plan-sandbox.ts). */
function refuseUnixListeners({ listeners }: ListenerDoor, runtime: string): void {
  if (runtime !== "runsc" || !listeners.some(({ protocol }) => protocol === "unix")) return;
  throw new SandboxError(
    "sandbox-unavailable",
    "a task under gVisor reaches no unix socket, and so no ssh agent",
    { hint: "--runtime crun or runc has one; or a profile without ssh_agent" },
  );
}

/** Loaded only with an image. */
async function openImage(
  { spec, engine }: StartSandboxInput,
  of: { readonly image: SandboxImage; readonly user: UserAndGroup; readonly perl: string },
): Promise<NonNullable<PlanSandboxInput["image"]> & { readonly perl: readonly string[] }> {
  const { openStoredImage, toImageSteps, IMAGE_PERL } = await import("./image-rootfs.js");
  const image = openStoredImage(engine.imagesDir, of.image);
  const steps = toImageSteps(spec, { user: of.user, image, perl: of.perl });
  return { rootfs: image.rootfs, steps, perl: IMAGE_PERL };
}

function readFilter(
  { spec, options, runtime, engine }: StartSandboxInput,
  stageArgv: readonly [string, ...string[]],
): ReturnType<typeof obtainFilter> {
  return obtainFilter({
    runtime,
    profileText: readSeccompProfile(engine.profilesDir, spec),
    cacheDir: engine.cacheDir,
    scratchDir: options.scratchDir,
    sandboxId: options.sandboxId,
    uid: spec.uid,
    gid: spec.gid,
    stageArgv,
    stageEnv: STAGE_ENV,
  });
}

/** The init of a sandbox runs by the perl that its own root filesystem has. */
function refuseHiddenInit({ mounts }: SandboxSpec, perl: string): void {
  const real = realpathSync(perl);
  if (!mounts.some(({ kind, target }) => kind === "hidden" && target === real)) return;
  throw new SandboxError("sandbox-unavailable", `${real} is denied, and a sandbox begins with it`, {
    hint: "take perl out of the denied programs, or use an image (--image)",
  });
}
