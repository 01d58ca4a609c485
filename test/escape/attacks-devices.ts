import path from "node:path";
import type { Attack, Control } from "./attack.js";
import { besideTerminal, quiet, withTerminal } from "./scenes.js";
import { judgeCall } from "./verdict.js";

type Controls = readonly [Control, ...Control[]];

/** Where this host's kernel lacks the thing, the program at least makes calls. */
const native: Control = { on: "inside", argv: () => ["kernel", "native"] };
const asRoot: Controls = [{ on: "root" }, native];

const UPPER = 2 ** 32;
const STI = 0x5412;
const LINUX = 0x541c;
const SETD = 0x5423;
const hex = (number: number): string => `0x${number.toString(16)}`;

/** On a terminal: typing for the person. */
const typing: readonly Attack[] = [STI, STI + UPPER, LINUX, LINUX + UPPER, SETD + UPPER].map(
  (number) => ({
    id: `ioctl-${hex(number)}`,
    row: 22,
    title: `${number % UPPER === STI ? "TIOCSTI" : number % UPPER === LINUX ? "TIOCLINUX" : "TIOCSETD"} on the task's terminal${number > UPPER ? ", bits above the 32nd set" : ""}`,
    argv: () => ["kernel", "type-in", hex(number)],
    controls:
      number % UPPER === STI
        ? [{ on: "host" }]
        : [{ on: "inside", argv: () => ["kernel", "ioctl", "0x541b"] }],
    scene: withTerminal,
    judge: judgeCall,
  }),
);

const persons: Attack = {
  id: "persons-terminal",
  row: 22,
  title: "TIOCSTI on the person's terminal, when the task was given none",
  argv: () => [
    "sh",
    "-c",
    '"$1" type-in 0x5412; for tty in /dev/tty /dev/pts/[0-9]* /dev/console; do "$1" type-in 0x5412 "$tty"; done',
    "sh",
    "@kernel",
  ],
  controls: [{ on: "host" }],
  scene: besideTerminal,
};

/** Device nodes and switches of the kernel, opened and never written. */
const switches: readonly Attack[] = [
  opens("kernel-memory", "read the kernel's memory", "open", [
    "/dev/mem",
    "/dev/kmem",
    "/dev/port",
    "/dev/kmsg",
    "/proc/kmsg",
    "/proc/kcore",
  ]),
  opens("disks", "open the host's disks", "open", [
    ...["vda", "vda1", "sda", "sda1", "nvme0n1", "xvda", "dm-0", "loop0"].map(
      (name) => `/dev/${name}`,
    ),
    "/dev/mapper/control",
    "/dev/loop-control",
  ]),
  opens("devices", "open devices that reach the machine", "open", [
    ...[
      "kvm",
      "fuse",
      "net/tun",
      "vhost-net",
      "vsock",
      "uinput",
      "input/event0",
      "dri/card0",
      "snd/seq",
    ].map((name) => `/dev/${name}`),
    ...["rtc0", "hpet", "nvram", "userfaultfd", "tty0", "tty1", "ttyS0", "console"].map(
      (name) => `/dev/${name}`,
    ),
  ]),
  opens(
    "core-pattern",
    "name a program that the kernel runs as root: core_pattern and its kin",
    "open-for-writing",
    [
      "/proc/sys/kernel/core_pattern",
      "/proc/sys/kernel/modprobe",
      "/proc/sys/kernel/hotplug",
      "/proc/sys/kernel/poweroff_cmd",
      "/proc/sys/fs/binfmt_misc/register",
      "/sys/kernel/uevent_helper",
    ],
  ),
  opens("proc-writes", "turn the kernel's switches below /proc", "open-for-writing", [
    "/proc/sysrq-trigger",
    "/proc/sys/vm/drop_caches",
    "/proc/sys/kernel/yama/ptrace_scope",
    "/proc/sys/kernel/randomize_va_space",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/irq/0/smp_affinity",
  ]),
  script("sys-writes", "turn the kernel's switches below /sys", [
    "/sys/power/state",
    "/sys/kernel/mm/ksm/run",
    "/sys/kernel/mm/transparent_hugepage/enabled",
    "/sys/block/*/uevent",
    "/sys/module/*/parameters/*",
  ]),
  script("cgroup-writes", "leave or loosen the control group", [
    "/sys/fs/cgroup/cgroup.procs",
    "/sys/fs/cgroup/*/cgroup.procs",
    "/sys/fs/cgroup/*/release_agent",
    "/sys/fs/cgroup/*/memory.limit_in_bytes",
    "/sys/fs/cgroup/*/devices.allow",
    "/sys/fs/cgroup/*/*/cgroup.procs",
  ]),
  ...(["char 1 1", "char 1 11", "block 254 0", "block 8 0"] as const).map(
    (device): Attack => ({
      id: `mknod-${device.replaceAll(" ", "-")}`,
      row: 22,
      title: `make a device node: ${device}`,
      argv: () => ["files", "make-device", ...device.split(" ")],
      controls: [{ on: "root" }, native],
      scene: quiet,
    }),
  ),
];

function opens(id: string, title: string, verb: string, files: readonly string[]): Attack {
  return {
    id,
    row: 22,
    title,
    argv: () => ["files", verb, ...files],
    controls: asRoot,
    scene: quiet,
  };
}

function script(id: string, title: string, patterns: readonly string[]): Attack {
  const words = [
    "sh",
    "-c",
    `exec "$1" open-for-writing ${patterns.join(" ")}`,
    "sh",
    "@files",
  ] as const;
  return { id, row: 22, title, argv: () => words, controls: asRoot, scene: quiet };
}

/** Rights that a file may give. */
const rights: readonly Attack[] = [
  {
    id: "setuid",
    row: 22,
    title: "gain rights from a setuid program of root's in a system directory",
    argv: ({ system = "/none" }) => [path.join(system, "setuid")],
    controls: [
      {
        on: "host",
        argv: ({ system = "/none", uid }) =>
          uid === "0"
            ? ["setpriv", "--reuid", "54321", "--clear-groups", path.join(system, "setuid")]
            : [path.join(system, "setuid")],
      },
    ],
    scene: quiet,
    needs: "system",
    notFor: ({ daemon }) =>
      daemon === "remote" ? "the system directories are the image's" : undefined,
  },
  {
    id: "roots-file",
    row: 22,
    title: "read a file of root's, mode 0600, in a system directory",
    argv: ({ system = "/none" }) => ["files", "read", path.join(system, "private")],
    controls: [{ on: "root" }],
    scene: quiet,
    needs: "system",
  },
  {
    id: "roots-file-shared",
    row: 22,
    title: "read a file of root's, mode 0600, in a directory given as --ro",
    argv: ({ shared }) => ["files", "read", path.join(shared, "private")],
    controls: [{ on: "root" }],
    scene: quiet,
    notFor: ({ who }) => (who === "root" ? undefined : "the file is the person's own"),
  },
];

/** Terminals, device nodes, switches of the kernel, and rights that a file gives. */
export const deviceAttacks: readonly Attack[] = [...typing, persons, ...switches, ...rights];
