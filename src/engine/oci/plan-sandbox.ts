import { readFileSync } from "node:fs";
import path from "node:path";
import type { SandboxMount, SandboxSpec } from "../../core/sandbox-spec.js";
import type { SandboxListener } from "../../core/gateway-listener.js";
import type { StartOptions, TerminalSize } from "../engine.js";
import type { ListenerDoor } from "../hand-listeners.js";
import type { Mountpoint } from "./choose-mountpoint.js";
import type { Runtime } from "./find-runtime.js";
import { findScript } from "./find-script.js";
import type { LimitPlan } from "./plan-limits.js";
import type { TaskIds } from "./task-ids.js";
import { toBaseSteps } from "./to-base-steps.js";
import { type OciConfigInput, toOciConfig } from "./to-oci-config.js";
import { type StageStep, toBasePlan, toTaskPlan } from "./to-stage-plan.js";

/** What the plan of a sandbox is made from. */
export interface PlanSandboxInput {
  readonly spec: SandboxSpec;
  readonly options: Pick<StartOptions, "sandboxId" | "terminalSize">;
  readonly runtime: Runtime;
  readonly ids: TaskIds;
  readonly mountpoint: Mountpoint;
  /** With the steps that make it the root filesystem. Absent: the host's system directories are. */
  readonly image?: { readonly rootfs: string; readonly steps: readonly StageStep[] };
  /** Where the sockets of the sandbox's gateway go, if it has one. */
  readonly door?: Pick<ListenerDoor, "socket" | "listeners">;
  /** `compile`: the runtime only creates a container, for the filter it compiles on the way. */
  readonly purpose: "run" | "compile";
}

/** What the second frame needs besides. */
export interface PlanTaskInput {
  /** What the runtime starts. */
  readonly argv: readonly string[];
  readonly seccomp: OciConfigInput["seccomp"];
  readonly limits?: LimitPlan;
}

/** Where a sandbox has its first program. */
const INIT_PATH = "/run/init";

const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 };
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/** The first frame for the stage, from the spec alone. */
export function planBase(input: PlanSandboxInput): Buffer {
  const { spec, options, ids, door } = input;
  const settings = {
    purpose: input.purpose,
    mode: ids.mode,
    runtime: input.runtime.name,
    uid: String(ids.invoker.uid),
    gid: String(ids.invoker.gid),
    task_uid: String(ids.stageUid),
    task_gid: String(ids.stageGid),
    scratch: input.mountpoint.path,
    home: spec.home,
    program: spec.argv[0],
    cwd: spec.cwd,
    path: spec.env["PATH"] ?? DEFAULT_PATH,
    ...toTerminalSettings(spec, options.terminalSize),
    ...(spec.mounts.some(isExchanged) ? { exchange: "1" } : {}),
    ...(spec.isWrittenNoexec === true ? { noexec: "1" } : {}),
    ...(input.image === undefined ? {} : { image: input.image.rootfs }),
    ...(door === undefined ? {} : { gateway: door.socket }),
    ...(ids.around
      ? { id: options.sandboxId, uid_map: toMap(ids.uidMappings), gid_map: toMap(ids.gidMappings) }
      : {}),
  };
  return toBasePlan(settings, [
    ...ids.steps,
    ...(door?.listeners ?? []).map(toListenStep),
    ...(input.image?.steps ?? toBaseSteps(spec, ids.inside)),
    ...(door?.listeners ?? []).flatMap(toSocketSteps),
    ...toInitSteps(spec),
  ]);
}

function toListenStep(listener: SandboxListener): StageStep {
  if (listener.protocol === "unix") return ["listen", "unix"];
  const { protocol, address, port } = listener;
  return ["listen", protocol, address, String(port)];
}

/** Where a unix socket is seen inside. */
function toSocketSteps(listener: SandboxListener): readonly StageStep[] {
  if (listener.protocol !== "unix") return [];
  return [
    ["point", listener.path, "file"],
    ["socket", listener.path],
  ];
}

/** Lines of a uid_map (user_namespaces(7)). */
function toMap(ranges: TaskIds["uidMappings"]): string {
  return ranges
    .map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`)
    .join("");
}

/** Root's files are to be the task's inside. */
function isExchanged(mount: SandboxMount): boolean {
  return mount.kind === "overlay" && mount.idmap === "swap-root";
}

/** The task below the init of the sandbox; see `init.pl`. `perl` is the words that start it inside. */
export function toInitArgv(spec: SandboxSpec, perl: readonly string[]): readonly string[] {
  return [...perl, INIT_PATH, spec.terminal ? "terminal" : "pipes", ...spec.argv];
}

/** The init and what it reads: arguments could be seen by everybody on the host, as variables of `--env` must not be. */
function toInitSteps(spec: SandboxSpec): readonly StageStep[] {
  const variables = Object.entries(spec.env).map(([name, value]) => `${name}=${value}\0`);
  // One file: a second one would be looked up at each start.
  const init = (["init.pl", "run-task.pl"] as const).map((name) => readFileSync(findScript(name)));
  return [
    ["file", INIT_PATH, Buffer.concat(init)],
    ["file", "/run/environment", variables.join("")],
  ];
}

/** The second frame: everything else. */
export function planTask(
  { spec, options, runtime, ids, mountpoint, purpose }: PlanSandboxInput,
  { argv, seccomp, limits }: PlanTaskInput,
): Buffer {
  return toTaskPlan({
    spec,
    before: limits?.steps ?? [],
    stageUid: ids.stageUid,
    stageGid: ids.stageGid,
    config: toOciConfig({
      spec,
      argv,
      user: ids.inside,
      uidMappings: ids.uidMappings,
      gidMappings: ids.gidMappings,
      rlimits: limits?.rlimits ?? [],
      seccomp,
      ...(options.terminalSize === undefined ? {} : { terminalSize: options.terminalSize }),
      ...(runtime.name === "runsc" ? { gvisorRoot: path.join(mountpoint.path, "rootfs") } : {}),
    }),
    runtime: [
      runtime.path,
      ...toGlobalArguments({ runtime, ids, spec }),
      ...toVerb(purpose, options.sandboxId),
    ],
  });
}

function toTerminalSettings(
  spec: SandboxSpec,
  size: TerminalSize = DEFAULT_SIZE,
): Readonly<Record<string, string>> {
  if (!spec.terminal) return {};
  return { terminal: "1", columns: String(size.columns), rows: String(size.rows) };
}

function toVerb(purpose: "run" | "compile", id: string): readonly string[] {
  const verb = purpose === "run" ? "run" : "create";
  return [verb, "--bundle", "@/", "--pid-file", "@/started/pid", id];
}

function toGlobalArguments({
  runtime: { name },
  ids: { mode },
  spec,
}: Pick<PlanSandboxInput, "runtime" | "ids" | "spec">): readonly string[] {
  // The log is named from the working directory, which is the bundle: crun reads a colon in its path as a kind of log.
  const files = ["--root", "@/runtime", "--log", "log", "--log-format", "text"];
  if (name === "crun") return ["--cgroup-manager=disabled", ...files];
  if (name === "runc") return ["--rootless=true", ...files];
  const network = `--network=${spec.network === "gateway" ? "host" : "none"}`;
  return [...GVISOR, network, ...(mode === "user" ? ["--rootless"] : []), ...files];
}

/**
 * gVisor's kernel: no network but loopback (its own, or with a gateway that of the namespace it is started in, which the stage has made),
 * no socket or FIFO of the host, writes go to the overlay at once (no overlay of its own), the profile's filter between the task and it.
 * Its groups are the stage's.
 */
const GVISOR = [
  "--ignore-cgroups",
  "--overlay2=none",
  "--host-uds=none",
  "--host-fifo=none",
  "--file-access-mounts=shared",
  "--oci-seccomp",
];
