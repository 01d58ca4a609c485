import type { Attack, Control } from "./attack.js";
import { quiet } from "./scenes.js";
import { judgeByKill, judgeCall } from "./verdict.js";

type Controls = readonly [Control, ...Control[]];

/** Where this host's kernel lacks the call, the program at least makes calls. */
const native: Control = { on: "inside", argv: () => ["kernel", "native"] };
const onHost: Controls = [{ on: "host" }, native];
const inNamespace: Controls = [{ on: "namespace" }];
const asRoot: Controls = [{ on: "root" }, native];

function call(verb: string, title: string, controls: Controls, ...words: string[]): Attack {
  const id = [verb, ...words.filter((word) => !word.startsWith("/"))].join("-").toLowerCase();
  const argv: Attack["argv"] = () => ["kernel", verb, ...words];
  return { id, row: 22, title, argv, controls, scene: quiet, judge: judgeCall };
}

/** A call that must kill. Outside it ends in any other way: that it is killed is the filter's doing. */
function kills(verb: string, title: string): Attack {
  const unlike =
    '"$1" "$2"; code=$?; [ $code -eq 159 ] && echo held: killed || echo reached: outside it ends with $code';
  const control: Control = { on: "host", argv: () => ["sh", "-c", unlike, "sh", "@kernel", verb] };
  return { ...call(verb, title, [control]), judge: judgeByKill, notFor: onlyX64 };
}

const onlyX64 = (): string | undefined =>
  process.arch === "x64" ? undefined : "only x86-64 has that door";

const UPPER = 2 ** 32;

const mounts: readonly Attack[] = [
  call("mount-tmpfs", "mount a tmpfs", inNamespace),
  call("mount-bind", "bind the root elsewhere", inNamespace),
  call("mount-proc", "mount a fresh, unmasked /proc", inNamespace),
  call("mount-overlay", "mount an overlay of one's own", inNamespace),
  call("fsopen", "mount by the new calls: fsopen", inNamespace),
  call("open-tree", "mount by the new calls: open_tree", inNamespace),
  call("move-mount", "mount by the new calls: move_mount", inNamespace),
  call("mount-setattr", "make a mount writable: mount_setattr", inNamespace),
  call("uncover", "take away what covers a masked path", inNamespace, "/proc"),
  call("remount", "remount the system directories writable", inNamespace, "/proc"),
  call("pivot-root", "change the root: pivot_root", inNamespace),
  call("chroot", "change the root: chroot", inNamespace),
];

const namespaces: readonly Attack[] = [
  call("unshare-user", "a user namespace of one's own: unshare", onHost),
  call("unshare-mounts", "mount and network namespaces within it", onHost),
  call("clone-user", "a user namespace of one's own: clone", onHost),
  call("clone-user-upper", "the same with bits above the 32nd set", onHost),
  call("setns", "enter a namespace by descriptor", inNamespace, "/proc/self/ns/uts"),
  call("clone3", "clone3, whose flags no filter reads (must be ENOSYS)", onHost),
  call("newer-call", "a newer call that is not listed: listmount (must be ENOSYS)", onHost),
  call("newest-call", "a newer call that is not listed: lsm_list_modules (must be ENOSYS)", onHost),
];

const processes: readonly Attack[] = [
  call("trace-child", "ptrace", onHost),
  call("read-child", "read another process's memory: process_vm_readv", onHost),
  call("take-descriptor", "take another process's descriptor: pidfd_getfd", onHost),
  call("compare", "compare kernel objects of processes: kcmp", onHost),
];

const machinery: readonly Attack[] = [
  call("io-uring", "io_uring", onHost),
  call("add-key", "add a key to the user's keyring", onHost),
  call("session-keys", "join or read the session's keyring", onHost),
  call("bpf", "load a BPF program or map", onHost),
  call("userfaultfd", "userfaultfd", onHost),
  call("perf", "perf_event_open", onHost),
  call("load-module", "load a kernel module: init_module", asRoot),
  call("load-module-file", "load a kernel module: finit_module", asRoot),
  call("reboot-wrongly", "reboot (with a wrong magic number)", asRoot),
  call("swap-on", "swapon", asRoot),
  call("set-clock", "set the clock", asRoot),
  call("kernel-log", "read the kernel's log", asRoot),
  { ...call("ports", "raw port access: ioperm", asRoot), notFor: onlyX64 },
];

const doors: readonly Attack[] = [
  kills("x32", "a call of the x32 table (must kill)"),
  {
    ...kills(
      "i386",
      "a call of the 32-bit table, by int 0x80 (must kill, where the kernel has it)",
    ),
    notFor: ({ runtime }) =>
      runtime === "runsc"
        ? "gVisor takes it for a call of its own, by its 64-bit table: the host's kernel does not see it"
        : onlyX64(),
  },
];

const families: readonly Attack[] = [
  call("socket", "raw frames: AF_PACKET", [{ on: "namespace" }], "17", "3", "0"),
  call("socket", "the hypervisor: AF_VSOCK", onHost, "40", "1", "0"),
  call("socket", "AF_VSOCK with bits above the 32nd set", onHost, String(UPPER + 40), "1", "0"),
  call("socket", "the kernel's ciphers: AF_ALG", onHost, "38", "5", "0"),
  call("socket", "the audit log's socket: AF_NETLINK, NETLINK_AUDIT", onHost, "16", "3", "9"),
  call("socket", "a raw IP socket", [{ on: "namespace" }], "2", "3", "1"),
];

/** The kernel's surface, by raw calls. */
export const kernelAttacks: readonly Attack[] = [
  ...mounts,
  ...namespaces,
  ...processes,
  ...machinery,
  ...doors,
  ...families,
];
