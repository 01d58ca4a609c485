import path from "node:path";
import type { Limits, SandboxSpec } from "../../core/sandbox-spec.js";
import type { TerminalSize } from "../engine.js";
import type { ListenerDoor } from "../hand-listeners.js";
import { toGvisorPids } from "../oci/gvisor-processes.js";
import { MASKED_PATHS, READONLY_PATHS } from "../oci/masked-paths.js";
import type { ContainerMount } from "./container-layers.js";
import { type Ownership, toLabels } from "./labels.js";
import { toPerlArgv } from "./perl-bundle.js";
import { toDockerMounts, toDockerTmpfs } from "./to-docker-mounts.js";

/** What the body of `POST /containers/create` is made of. */
export interface ContainerInput {
  readonly spec: SandboxSpec;
  readonly ownership: Ownership;
  readonly mounts: readonly ContainerMount[];
  /** Text of the seccomp profile, which is in Docker's own format. */
  readonly seccomp: string;
  readonly runtime?: string;
  readonly stdin: boolean;
  /** The mounts bring an `/etc/hosts`. */
  readonly hasHosts: boolean;
  readonly terminalSize?: TerminalSize;
  /** Where its init hands over the sockets of its gateway. */
  readonly door?: Pick<ListenerDoor, "socket" | "listeners">;
}

/** A container has a `/sys` besides, most of which says nothing that a task needs. */
const MASKED_SYS = [
  "/sys/firmware",
  "/sys/devices",
  "/sys/block",
  "/sys/fs",
  "/sys/module",
  "/sys/kernel",
];

/** Without a value Docker takes a variable away: an image must not alter how our init comes up. */
const IMAGE_VARIABLES = [
  "LD_PRELOAD",
  "LD_AUDIT",
  "LD_LIBRARY_PATH",
  "PERL5OPT",
  "PERL5LIB",
  "PERL5DB",
];

const NANOS = 1e9;
/** No user asks for more; Docker's own default is none. */
const MOST_PROCESSES = 4096;

/** The container of a task: an ordinary uid, no capability, no network, nothing of the daemon's host but the mounts. */
export function toContainerConfig(input: ContainerInput): object {
  const { spec, ownership } = input;
  return {
    Entrypoint: toPerlArgv("announce.pl"),
    Cmd: [
      spec.terminal ? "terminal" : "pipes",
      input.terminalSize === undefined
        ? ""
        : `${input.terminalSize.columns}x${input.terminalSize.rows}`,
      spec.cwd,
      ...spec.argv,
    ],
    Env: [...toVariables(spec.env), ...toListenerVariable(input), ...IMAGE_VARIABLES],
    User: `${spec.uid}:${spec.gid}`,
    WorkingDir: "/",
    Hostname: spec.hostname,
    // A network of its own with nothing in it, either way; Docker's takes half a second and writes /etc/hosts.
    NetworkDisabled: input.hasHosts,
    Tty: spec.terminal,
    OpenStdin: input.stdin,
    StdinOnce: input.stdin,
    AttachStdin: input.stdin,
    AttachStdout: true,
    AttachStderr: true,
    Healthcheck: { Test: ["NONE"] },
    Labels: toLabels(ownership, "task"),
    HostConfig: toHostConfig(input),
  };
}

function toHostConfig(input: ContainerInput): object {
  const { limits } = input.spec;
  return {
    ...(input.runtime === undefined ? {} : { Runtime: input.runtime }),
    NetworkMode: "none",
    IpcMode: "private",
    CgroupnsMode: "private",
    UsernsMode: "host",
    ReadonlyRootfs: true,
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges", `seccomp=${input.seccomp}`],
    MaskedPaths: [...MASKED_PATHS, ...MASKED_SYS],
    ReadonlyPaths: READONLY_PATHS,
    // A container without a network gets the host's name servers all the same.
    Dns: ["127.0.0.1"],
    ...(input.door === undefined ? {} : GATEWAY_NETWORK),
    DnsSearch: ["."],
    // What is said is passed on; the daemon keeps no second copy of it.
    LogConfig: { Type: "none" },
    RestartPolicy: { Name: "no" },
    OomScoreAdj: 500,
    ...(limits.memoryBytes === undefined
      ? {}
      : { Memory: limits.memoryBytes, MemorySwap: limits.memoryBytes }),
    ...(limits.cpus === undefined ? {} : { NanoCpus: Math.round(limits.cpus * NANOS) }),
    ...toProcessLimits(limits, isGvisor(input.runtime)),
    Mounts: toDockerMounts(
      [...input.mounts, ...toDoorMounts(input)],
      toLabels(input.ownership, "layers"),
    ),
    Tmpfs: toDockerTmpfs([...input.mounts, ...toDoorMounts(input)]),
  };
}

/**
 * The init, which has no capability, makes the gateway's sockets: it must be able to have low ports. So is Docker's own default; after
 * it, the task can have those that are left on its own loopback.
 */
const GATEWAY_NETWORK = {
  Sysctls: {
    "net.ipv4.ip_unprivileged_port_start": "0",
    // Without it Docker lets everybody send pings (icmp(7)).
    "net.ipv4.ping_group_range": "1 0",
  },
};

/** Where `announce.pl` looks for it. Nobody listens at it any more when the task begins. */
function toDoorMounts({ door, spec }: ContainerInput): readonly ContainerMount[] {
  if (door === undefined) return [];
  // A unix socket needs a place that the init can write to.
  const options = `nosuid,nodev,noexec,mode=0755,uid=${spec.uid},gid=${spec.gid},size=64k`;
  const places = door.listeners.flatMap((listener): readonly ContainerMount[] =>
    listener.protocol === "unix"
      ? [{ type: "tmpfs", target: path.dirname(listener.path), options }]
      : [],
  );
  return [
    { type: "bind", source: door.socket, target: "/.sandbox/listeners", readOnly: true },
    ...places,
  ];
}

function toListenerVariable({ door }: ContainerInput): readonly string[] {
  if (door === undefined) return [];
  const lines = door.listeners.map((listener) =>
    listener.protocol === "unix"
      ? `unix ${listener.path}`
      : `${listener.protocol} ${listener.address} ${listener.port}`,
  );
  return [`SANDBOX_LISTENERS=${lines.join("\n")}`];
}

/** By the name that gVisor's own instructions give it in a daemon's configuration, `runsc` or `runsc-…`. */
export function isGvisor(runtime: string | undefined): boolean {
  return runtime === "runsc" || runtime?.startsWith("runsc-") === true;
}

/**
 * Ulimits of open files and cores are our init's to set: a daemon refuses what is over its own. The kernel would count
 * `nproc` together with the uid's other processes; gVisor counts only those of its sandbox.
 */
function toProcessLimits({ pids = MOST_PROCESSES, upperBytes }: Limits, gvisor: boolean): object {
  const limit = (Name: string, value: number): object => ({ Name, Soft: value, Hard: value });
  return {
    PidsLimit: gvisor ? toGvisorPids(pids) : pids,
    Ulimits: [
      ...(upperBytes === undefined ? [] : [limit("fsize", upperBytes)]),
      ...(gvisor ? [limit("nproc", pids)] : []),
    ],
  };
}

/** The kernel takes no variable of over 128 KiB (execve(2), MAX_ARG_STRLEN). */
const PART_CHARACTERS = 100_000;

/** The task's environment in variables of ours: see `announce.pl`. */
function toVariables(env: SandboxSpec["env"]): readonly string[] {
  const text = Object.entries(env)
    .map(([name, value]) => `${name}=${value}`.replace(/[%\n\r]/g, toPercent))
    .join("\n");
  const parts = Array.from({ length: Math.ceil(text.length / PART_CHARACTERS) }, (_, index) =>
    text.slice(index * PART_CHARACTERS, (index + 1) * PART_CHARACTERS),
  );
  return [
    `SANDBOX_ENVIRONMENT_PARTS=${parts.length}`,
    ...parts.map((part, index) => `SANDBOX_ENVIRONMENT_${index}=${part}`),
  ];
}

function toPercent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
