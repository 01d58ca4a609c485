import type { SandboxSpec } from "../../core/sandbox-spec.js";
import type { TerminalSize } from "../engine.js";
import { MASKED_PATHS, READONLY_PATHS } from "./masked-paths.js";

/** One line of a namespace's id map: `size` ids from `containerID` inside are those from `hostID` outside. */
export interface IdRange {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

/** A POSIX resource limit for the task. */
export interface ResourceLimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

/** What `config.json` needs besides the spec. */
export interface OciConfigInput {
  readonly spec: SandboxSpec;
  readonly argv: readonly string[];
  /** The task's ids as it sees them. */
  readonly user: { readonly uid: number; readonly gid: number };
  readonly uidMappings: readonly IdRange[];
  readonly gidMappings: readonly IdRange[];
  readonly rlimits: readonly ResourceLimit[];
  /** The `linux.seccomp` section, or a compiled filter in base64 that crun takes instead. */
  readonly seccomp: { readonly section: object } | { readonly bpf: string };
  readonly terminalSize?: TerminalSize;
  /**
   * For gVisor, whose kernel sees only what it is handed: where the stage has put the root filesystem together. It has no
   * user namespace of its own, and what can be written is handed over beside the read-only root.
   */
  readonly gvisorRoot?: string;
}

/** Annotation by which crun takes a compiled filter (crun(1)). */
const BPF_ANNOTATION = "run.oci.seccomp_bpf_data";

/** The runtime's `config.json` (OCI runtime-spec 1.0). All mounts but those that need the inner namespaces are the stage's. */
export function toOciConfig(input: OciConfigInput): object {
  return {
    ociVersion: "1.0.0",
    // The stage has made it read-only: gVisor's own attempt to do so fails on a mount that is so already.
    root: { path: "rootfs", readonly: input.gvisorRoot === undefined },
    hostname: input.spec.hostname,
    process: toProcess(input),
    mounts: toMounts(input),
    linux: {
      ...toNamespaces(input),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
      ...("section" in input.seccomp ? { seccomp: input.seccomp.section } : {}),
    },
    ...("bpf" in input.seccomp ? { annotations: { [BPF_ANNOTATION]: input.seccomp.bpf } } : {}),
  };
}

const MOUNTS = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "noexec", "strictatime", "mode=755", "size=64k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
  },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=64m"],
  },
];

const NAMESPACES = ["mount", "pid", "ipc", "uts", "cgroup"];

/** The network of a gateway is the one that the runtime is started in: the stage has made it. */
function toNamespaces({ gvisorRoot, uidMappings, gidMappings, spec }: OciConfigInput): object {
  const network = spec.network === "gateway" ? [] : ["network"];
  const namespaces = [...NAMESPACES, ...network].map((type) => ({ type }));
  if (gvisorRoot !== undefined) return { namespaces };
  return { namespaces: [{ type: "user" }, ...namespaces], uidMappings, gidMappings };
}

/** gVisor mounts its own /dev. It keeps the root in memory as it found it, which is right as long as nobody writes there. */
function toMounts({ gvisorRoot, spec }: OciConfigInput): readonly object[] {
  if (gvisorRoot === undefined) return MOUNTS;
  const overlays = spec.mounts.filter(({ kind }) => kind === "overlay");
  const writable = ["/tmp", spec.home, ...overlays.map(({ target }) => target)].sort();
  const outermost = writable.filter(
    (target) => !writable.some((other) => target.startsWith(`${other}/`)),
  );
  return [
    ...MOUNTS.filter(({ destination }) => destination !== "/dev"),
    ...[...new Set(outermost)].map((target) => ({
      destination: target,
      type: "bind",
      source: `${gvisorRoot}${target}`,
      options: ["rbind", "rw"],
    })),
  ];
}

/** The init's alone: the task's own comes as its arguments. */
const INIT_ENV = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"];

function toProcess({ spec, argv, user, rlimits, terminalSize }: OciConfigInput): object {
  return {
    terminal: spec.terminal,
    ...(spec.terminal && terminalSize !== undefined
      ? { consoleSize: { width: terminalSize.columns, height: terminalSize.rows } }
      : {}),
    user: { ...user, umask: 0o022 },
    args: argv,
    env: INIT_ENV,
    cwd: spec.cwd,
    capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
    rlimits,
    noNewPrivileges: true,
    oomScoreAdj: 500,
  };
}
