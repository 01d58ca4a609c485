import { evaluateBpf } from "./evaluate-bpf.js";

/** `AUDIT_ARCH_*` of linux/audit.h and numbers of some calls, by Node's name of the architecture. */
interface Calls {
  readonly arch: number;
  readonly foreign: number;
  readonly read: number;
  readonly openat: number;
  readonly execve: number;
  readonly exit_group: number;
  readonly mmap: number;
  readonly clone: number;
  readonly ioctl: number;
  readonly socket: number;
  readonly mount: number;
  readonly umount2: number;
  readonly unshare: number;
  readonly setns: number;
  readonly ptrace: number;
  readonly bpf: number;
  readonly keyctl: number;
  readonly perf_event_open: number;
  readonly userfaultfd: number;
  readonly kexec_load: number;
  readonly init_module: number;
  readonly pivot_root: number;
  readonly chroot: number;
  readonly open_by_handle_at: number;
  readonly mknodat: number;
  readonly personality: number;
}

const AUDIT_X86_64 = 0xc000003e;
const AUDIT_AARCH64 = 0xc00000b7;
const AUDIT_I386 = 0x40000003;
const X32_BIT = 0x40000000;

const CALLS: Readonly<Record<string, Calls>> = {
  x64: {
    arch: AUDIT_X86_64,
    foreign: AUDIT_I386,
    read: 0,
    openat: 257,
    execve: 59,
    exit_group: 231,
    mmap: 9,
    clone: 56,
    ioctl: 16,
    socket: 41,
    mount: 165,
    umount2: 166,
    unshare: 272,
    setns: 308,
    ptrace: 101,
    bpf: 321,
    keyctl: 250,
    perf_event_open: 298,
    userfaultfd: 323,
    kexec_load: 246,
    init_module: 175,
    pivot_root: 155,
    chroot: 161,
    open_by_handle_at: 304,
    mknodat: 259,
    personality: 135,
  },
  arm64: {
    arch: AUDIT_AARCH64,
    foreign: AUDIT_X86_64,
    read: 63,
    openat: 56,
    execve: 221,
    exit_group: 94,
    mmap: 222,
    clone: 220,
    ioctl: 29,
    socket: 198,
    mount: 40,
    umount2: 39,
    unshare: 97,
    setns: 268,
    ptrace: 117,
    bpf: 280,
    keyctl: 219,
    perf_event_open: 241,
    userfaultfd: 282,
    kexec_load: 104,
    init_module: 105,
    pivot_root: 41,
    chroot: 51,
    open_by_handle_at: 265,
    mknodat: 33,
    personality: 92,
  },
};

/** Calls newer than the tables above: one number everywhere. */
const IO_URING_SETUP = 425;
const CLONE3 = 435;
const MOUNT_SETATTR = 442;
const NOT_YET_INVENTED = 5000;

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const KILL_THREAD = 0;
const EPERM = 0x50000 | 1;
const ENOSYS = 0x50000 | 38;
const UPPER_BIT = 1n << 32n;

/** What a call must give: let through, refused with an error, or deadly. */
type Verdict = "allow" | "refuse" | "enosys" | "kill";
type Sentinel = readonly [what: string, verdict: Verdict, number: number, ...args: bigint[]];

/**
 * The first thing in which the compiled `filter` is not what the default profile promises, or undefined. A filter from a
 * cache, or from a runtime or library we have not seen, is used only after this.
 */
export function findFilterFault(filter: Uint8Array, nodeArch: string): string | undefined {
  const calls = CALLS[nodeArch];
  if (calls === undefined) return `unknown architecture ${nodeArch}`;
  try {
    return (
      toSentinels(calls).find(([, verdict, number, ...args]) => {
        const result = evaluateBpf(filter, { number, arch: calls.arch, args });
        return !fits(result, verdict);
      })?.[0] ?? findForeignFault(filter, calls)
    );
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function findForeignFault(filter: Uint8Array, calls: Calls): string | undefined {
  const foreign = evaluateBpf(filter, { number: calls.read, arch: calls.foreign, args: [] });
  return fits(foreign, "kill") ? undefined : "a foreign architecture is not killed";
}

function fits(result: number, verdict: Verdict): boolean {
  switch (verdict) {
    case "allow":
      return result === ALLOW;
    case "refuse":
      return result === EPERM || result === ENOSYS || (result & 0xffff0000) === 0x50000;
    case "enosys":
      return result === ENOSYS;
    case "kill":
      return result === KILL_PROCESS || result === KILL_THREAD;
  }
}

function toSentinels(calls: Calls): readonly Sentinel[] {
  return [...toPlainSentinels(calls), ...toArgumentSentinels(calls), ...toX32Sentinels(calls)];
}

function toPlainSentinels(calls: Calls): readonly Sentinel[] {
  const allowed = ["read", "openat", "execve", "exit_group", "mmap"] as const;
  const refused = [
    "mount",
    "umount2",
    "unshare",
    "setns",
    "ptrace",
    "bpf",
    "keyctl",
    "perf_event_open",
    "userfaultfd",
    "kexec_load",
    "init_module",
    "pivot_root",
    "chroot",
    "open_by_handle_at",
  ] as const;
  return [
    ...allowed.map((name): Sentinel => [`${name} is refused`, "allow", calls[name]]),
    ...refused.map((name): Sentinel => [`${name} is not refused`, "refuse", calls[name]]),
    ["io_uring_setup is not refused", "refuse", IO_URING_SETUP],
    ["mount_setattr is not refused", "refuse", MOUNT_SETATTR],
    ["clone3 does not give ENOSYS", "enosys", CLONE3],
    ["an unknown call does not give ENOSYS", "enosys", NOT_YET_INVENTED],
  ];
}

function toArgumentSentinels({
  clone,
  ioctl,
  socket,
  mknodat,
  personality,
}: Calls): readonly Sentinel[] {
  const terminal = [0x5412n, 0x541cn, 0x5423n].flatMap((request): Sentinel[] => [
    [`ioctl 0x${request.toString(16)} is not refused`, "refuse", ioctl, 0n, request],
    [`ioctl 0x${request.toString(16)} with an upper bit`, "refuse", ioctl, 0n, request | UPPER_BIT],
  ]);
  const clones = [17n, 25n, 26n, 27n, 28n, 29n, 30n].flatMap((bit): Sentinel[] => [
    [`clone with flag bit ${bit} is not refused`, "refuse", clone, (1n << bit) | 17n],
    [`clone with flag bit ${bit} and an upper bit`, "refuse", clone, (1n << bit) | UPPER_BIT],
  ]);
  return [
    ...terminal,
    ...clones,
    ["ioctl TCGETS is refused", "allow", ioctl, 0n, 0x5401n],
    ["ioctl TIOCGWINSZ is refused", "allow", ioctl, 0n, 0x5413n],
    ["ioctl FIONBIO is refused", "allow", ioctl, 0n, 0x5421n],
    ["fork by clone is refused", "allow", clone, 0x1200011n],
    ["a thread by clone is refused", "allow", clone, 0x3d0f00n],
    ["AF_UNIX is refused", "allow", socket, 1n],
    ["AF_INET is refused", "allow", socket, 2n],
    ["AF_PACKET is not refused", "refuse", socket, 17n],
    ["AF_ALG is not refused", "refuse", socket, 38n],
    ["AF_VSOCK is not refused", "refuse", socket, 40n],
    ["AF_VSOCK with an upper bit", "refuse", socket, 40n | UPPER_BIT],
    ["a netlink protocol is not refused", "refuse", socket, 16n, 3n, 12n],
    ["a FIFO is refused", "allow", mknodat, 0n, 0n, 0o010644n],
    ["a device is not refused", "refuse", mknodat, 0n, 0n, 0o020644n],
    ["ADDR_NO_RANDOMIZE is not refused", "refuse", personality, 0x40000n],
  ];
}

function toX32Sentinels({ arch, read }: Calls): readonly Sentinel[] {
  return arch === AUDIT_X86_64 ? [["an x32 call is not killed", "kill", read | X32_BIT]] : [];
}
