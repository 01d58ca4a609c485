import { readdirSync } from "node:fs";
import type { Duplex } from "node:stream";
import { SandboxError } from "../../core/error.js";
import type { Outcome, SandboxSpec } from "../../core/sandbox-spec.js";
import type { RunningSandbox, StartOptions } from "../engine.js";
import { refuseNoexec } from "../oci/refuse-noexec.js";
import { readSeccompProfile } from "../oci/seccomp-profile.js";
import type { ListenerDoor } from "../hand-listeners.js";
import type { ContainerLayers, ContainerMount, OpenLayersInput } from "./container-layers.js";
import { type Announcement, type ContainerStreams, connectContainer } from "./container-streams.js";
import { isRefusal } from "./daemon-error.js";
import type { DockerEngineOptions } from "./docker-engine-options.js";
import { EndedContainer, toLostContainer } from "./ended-container.js";
import { toExecOption } from "./exec-option.js";
import type { Ownership } from "./labels.js";
import { toHomeLabel } from "./labels.js";
import type { Daemon } from "./open-daemon.js";
import { openLayers } from "./open-layers.js";
import { createOfOwn } from "./own-images.js";
import { pick, pickText, toList } from "./parse-answer.js";
import { openPlaces, planHosts, planMounts } from "./plan-mounts.js";
import { planWorld } from "./plan-world.js";
import { sweepContainers } from "./prune-containers.js";
import { removeContainer } from "./remove-container.js";
import { RunningContainer } from "./running-container.js";
import { toTaskImage } from "./task-image.js";
import { toContainerConfig } from "./to-container-config.js";
import { toLimitReports } from "./to-limit-reports.js";

/** What `startContainer` needs. */
export interface StartContainerInput {
  readonly spec: SandboxSpec;
  readonly options: StartOptions;
  readonly engine: DockerEngineOptions;
  readonly daemon: Daemon;
}

/** Makes one container and resolves when its task has begun, or is known to be missing. On an error nothing is left. */
export async function startContainer(input: StartContainerInput): Promise<RunningSandbox> {
  const { spec, options, engine, daemon } = input;
  if (spec.uid === 0 || spec.gid === 0)
    throw new SandboxError("sandbox-unavailable", "a task never runs with host id 0");
  refuseNoexec(spec, engine.runtime);
  const ownership: Ownership = {
    home: toHomeLabel(engine.stateHome),
    sandboxId: options.sandboxId,
    owner: engine.owner,
  };
  const { scratchDir, abort } = options;
  const place = {
    ...{ daemon, spec, ownership, scratchDir, cacheDir: engine.cacheDir },
    ...(abort === undefined ? {} : { abort }),
  };
  using door = await openDoor(input, place);
  const layers = await openLayers(place);
  try {
    return await startWith(input, { ownership, layers, door });
  } catch (error) {
    await layers.remove();
    throw error;
  }
}

interface Made {
  readonly ownership: Ownership;
  readonly layers: ContainerLayers;
  readonly door: ListenerDoor | undefined;
}

/** Loaded only with a gateway. */
async function openDoor(
  { spec, options, engine }: StartContainerInput,
  place: OpenLayersInput,
): Promise<ListenerDoor | undefined> {
  if (spec.network === "none" && options.gateway === undefined) return undefined;
  const { openContainerDoor } = await import("./container-door.js");
  return openContainerDoor(place, { options, runtime: engine.runtime });
}

async function startWith(input: StartContainerInput, made: Made): Promise<RunningSandbox> {
  const { spec, options, engine, daemon } = input;
  options.abort?.throwIfAborted();
  const { container, warnings } = await createContainer(input, made);
  let stream: Duplex | undefined;
  let mayHaveBegun = false;
  try {
    const hasInput = takesInput(input);
    stream = await daemon.attach(container, { stdin: hasInput });
    // Up to here nothing of the task runs: an abort that came before means that it never does.
    options.abort?.throwIfAborted();
    mayHaveBegun = true;
    await start(daemon, container).catch((error: unknown) => {
      // A daemon that says no has started nothing; one that went away may have.
      mayHaveBegun = !isRefusal(error);
      throw error;
    });
    const running: { current?: RunningContainer } = {};
    const streams = connectContainer(stream, {
      io: hasInput ? options.io : { ...options.io, stdin: "none" },
      terminal: spec.terminal,
      onReaderGone: () => running.current?.signal(SIGPIPE),
    });
    running.current = new RunningContainer({
      daemon,
      container,
      streams,
      layers: made.layers,
      runtime: engine.runtime ?? "docker",
      limits: toLimitReports(spec.limits, warnings),
      spec,
      abort: options.abort,
    });
    const announcement = await hearAnnouncement(made.door, running.current, streams);
    // What dead controllers left ends with the next start: while the task runs there is time.
    if (announcement?.begun === true) {
      running.current.until(sweepContainers(daemon, made.ownership.home));
      return running.current;
    }
    return await endUnbegun(running.current, { announcement, streams, spec });
  } catch (error) {
    // Nobody reads it any more, and it would keep the process here.
    stream?.destroy();
    if (error instanceof NotBegun) throw error.cause;
    if (mayHaveBegun) return toLostContainer(engine.runtime ?? "docker", error);
    await removeContainer(daemon, container);
    throw error;
  }
}

/** With a gateway the init first makes its sockets, and waits until the gateway has them: nothing of the task runs yet. */
async function hearAnnouncement(
  door: ListenerDoor | undefined,
  running: RunningContainer,
  { announced }: ContainerStreams,
): Promise<Announcement | undefined> {
  try {
    await Promise.race([door?.adopt(announced), announced]);
  } catch (cause) {
    await running[Symbol.asyncDispose]();
    throw new NotBegun("the gateway has not got its sockets", { cause });
  }
  return announced;
}

/** The container was ended in order, and no task had begun in it. `cause` is what to say. */
class NotBegun extends Error {}

const SIGPIPE = 13;

/** A terminal is always both. */
function takesInput({ spec, options }: StartContainerInput): boolean {
  return spec.terminal || options.io.stdin !== "none";
}

/** Missing programs are an outcome; a container that said nothing is no sandbox. */
async function endUnbegun(
  running: RunningContainer,
  said: {
    readonly announcement: Announcement | undefined;
    readonly streams: ContainerStreams;
    readonly spec: SandboxSpec;
  },
): Promise<RunningSandbox> {
  const { announcement, streams, spec } = said;
  const ended = await running.wait();
  if (announcement?.begun === false && announcement.code !== 125) {
    const { code, reason } = announcement;
    const outcome: Outcome = { outcome: "not-started", code, reason };
    return new EndedContainer(running, outcome);
  }
  // What our init said may be lost on the way. What the task left is never taken for nothing.
  if (announcement === undefined && hasWork(spec, ended)) return running;
  // A terminal may have lost it; its codes say the same.
  if (announcement === undefined && ended.outcome === "exited" && isMissing(ended.code)) {
    const reason = `${spec.argv[0]}: it cannot be run in the sandbox, or is not there`;
    return new EndedContainer(running, { outcome: "not-started", code: ended.code, reason });
  }
  await running[Symbol.asyncDispose]();
  if (ended.outcome === "interrupted" || ended.outcome === "timed-out")
    return new EndedContainer(running, ended);
  const why =
    announcement?.begun === false
      ? announcement.reason
      : `the container ended before its task began: ${streams.said() || JSON.stringify(ended)}`;
  const hint = "`sandbox doctor` says what works on this host, and how to mend what does not";
  throw new NotBegun(why, { cause: new SandboxError("sandbox-unavailable", why, { hint }) });
}

/** Our init ends well only with its task; and an upperdir that is not empty has been written to. */
function hasWork({ mounts }: SandboxSpec, ended: Outcome): boolean {
  if (ended.outcome === "exited" && ended.code === 0) return true;
  return mounts.some((mount) => mount.kind === "overlay" && readdirSync(mount.upper).length > 0);
}

function isMissing(code: number): code is 126 | 127 {
  return code === 126 || code === 127;
}

async function start(daemon: Daemon, container: string): Promise<void> {
  await daemon.request({
    method: "POST",
    path: `/containers/${container}/start`,
    doing: "start the container",
  });
}

async function createContainer(
  { spec, options, engine, daemon }: StartContainerInput,
  { ownership, layers, door }: Made,
): Promise<{ readonly container: string; readonly warnings: readonly string[] }> {
  const places = openPlaces(engine.cacheDir);
  const world = spec.image === undefined ? planWorld(spec, places) : undefined;
  const image = await toTaskImage(spec, { world, home: ownership.home });
  // A daemon elsewhere does not see our files.
  const isRemote = layers.isRemote === true;
  const hosts = isRemote ? [] : planHosts(spec, engine.cacheDir);
  const planned = isRemote ? { ...spec, mounts: [] } : spec;
  const body = toContainerConfig({
    spec,
    ownership,
    mounts: [
      ...(world?.mounts ?? [toImageTmp(spec)]),
      ...planMounts(planned, { cacheDir: engine.cacheDir, places }),
      ...hosts,
      ...layers.mounts,
    ],
    ...(door === undefined ? {} : { door }),
    hasHosts: hosts.length > 0,
    seccomp: readSeccompProfile(engine.profilesDir, spec),
    stdin: spec.terminal || options.io.stdin !== "none",
    ...(engine.runtime === undefined ? {} : { runtime: engine.runtime }),
    ...(options.terminalSize === undefined ? {} : { terminalSize: options.terminalSize }),
  });
  const answer = await createOfOwn(daemon, {
    ...{ image, ownership, body, purpose: "", doing: "create the container" },
  });
  return {
    container: pickText(answer, "Id"),
    warnings: toList(pick(answer, "Warnings")).map(String),
  };
}

function toImageTmp(spec: SandboxSpec): ContainerMount {
  const options = `nosuid,nodev,${toExecOption(spec)},mode=1777,size=25%`;
  return { type: "tmpfs", target: "/tmp", options };
}
