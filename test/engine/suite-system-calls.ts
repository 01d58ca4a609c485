import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { type EngineCase, openEngineCase } from "../support/engine-case.js";
import { type CaseTest, plainTest } from "./case-test.js";
import { lazily, runTogether } from "./run-together.js";

/** Prints the error number of each call it is told to make; `0` where it went through. */
const PROBE = `
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#define UPPER (1UL << 32)
static void show(const char *name, long result) { printf("%s %d\\n", name, result < 0 ? errno : 0); fflush(stdout); }
static void cloned(const char *name, unsigned long flags) {
  long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  show(name, pid);
  if (pid > 0) waitpid(pid, 0, 0);
}
int main(int argc, char **argv) {
  char buffer[4096] = {0};
  if (argc > 1 && !strcmp(argv[1], "x32")) { syscall(0x40000000 | SYS_getpid); puts("went through"); return 0; }
#ifdef __x86_64__
  if (argc > 1 && !strcmp(argv[1], "i386")) { long r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(20)); puts("went through"); return 0; }
#endif
  if (argc > 1 && !strcmp(argv[1], "control")) { puts("control"); return 0; }
  show("getpid", syscall(SYS_getpid));
  cloned("fork", 0);
  show("clone3", syscall(435, buffer, 64));
  show("unknown", syscall(5000));
  cloned("newuser", CLONE_NEWUSER);
  cloned("newuser-upper", CLONE_NEWUSER | UPPER);
  cloned("newns", CLONE_NEWNS);
  cloned("newnet", CLONE_NEWNET);
  show("unshare", syscall(SYS_unshare, CLONE_NEWUSER));
  show("unshare-nothing", syscall(SYS_unshare, 0));
  show("setns", syscall(SYS_setns, 0, 0));
  show("mount", syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, 0));
  show("umount", syscall(SYS_umount2, "/proc", 2));
  show("fsopen", syscall(430, "tmpfs", 0));
  show("open_tree", syscall(428, -100, "/", 1));
  show("move_mount", syscall(429, -100, "/tmp", -100, "/home", 0));
  show("mount_setattr", syscall(442, -100, "/", 0, buffer, 32));
  show("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp"));
  show("chroot", syscall(SYS_chroot, "/tmp"));
  show("ptrace", syscall(SYS_ptrace, 0, 0, 0, 0));
  show("process_vm_readv", syscall(SYS_process_vm_readv, getpid(), 0, 0, 0, 0, 0));
  show("bpf", syscall(SYS_bpf, 0, buffer, 64));
  show("keyctl", syscall(SYS_keyctl, 0, -3, 0));
  show("add_key", syscall(SYS_add_key, "user", "a", "b", 1, -3));
  show("io_uring", syscall(425, 4, buffer));
  show("userfaultfd", syscall(SYS_userfaultfd, 1));
  show("perf", syscall(SYS_perf_event_open, buffer, 0, -1, -1, 0));
  show("kexec", syscall(SYS_kexec_load, 0, 0, 0, 0));
  show("init_module", syscall(SYS_init_module, buffer, 0, ""));
  show("handle", syscall(SYS_name_to_handle_at, -100, "/tmp", buffer, buffer + 64, 0));
  show("syslog", syscall(SYS_syslog, 3, buffer, 10));
  show("tiocsti", syscall(SYS_ioctl, 0, 0x5412UL, "x"));
  show("tiocsti-upper", syscall(SYS_ioctl, 0, 0x5412UL | UPPER, "x"));
  show("tioclinux", syscall(SYS_ioctl, 0, 0x541CUL | UPPER, buffer));
  show("tiocsetd-upper", syscall(SYS_ioctl, 0, 0x5423UL | UPPER, buffer));
  show("fionread", syscall(SYS_ioctl, 0, 0x541BUL, buffer));
  show("packet", socket(AF_PACKET, SOCK_RAW, 0));
  show("vsock", socket(40, SOCK_STREAM, 0));
  show("vsock-upper", syscall(SYS_socket, 40UL | UPPER, SOCK_STREAM, 0));
  show("alg", socket(38, SOCK_SEQPACKET, 0));
  show("netlink-audit", socket(AF_NETLINK, SOCK_RAW, 9));
  show("netlink-route", socket(AF_NETLINK, SOCK_RAW, 0));
  show("inet", socket(AF_INET, SOCK_STREAM, 0));
  show("unix", socket(AF_UNIX, SOCK_STREAM, 0));
  memset(buffer, 0, sizeof buffer);
  show("select", select(0, 0, 0, 0, (struct timeval *)buffer));
  show("personality", syscall(SYS_personality, 0x0040000));
  show("personality-query", syscall(SYS_personality, 0xffffffff));
  return 0;
}`;

const EPERM = [1];
const ENOSYS = [38];
const REFUSED = [1, 38, 97];

/** Call → the error numbers it may give. */
const EXPECTED: Readonly<Record<string, readonly number[]>> = {
  getpid: [0],
  fork: [0],
  clone3: ENOSYS,
  unknown: ENOSYS,
  newuser: EPERM,
  "newuser-upper": EPERM,
  newns: EPERM,
  newnet: EPERM,
  unshare: EPERM,
  "unshare-nothing": EPERM,
  setns: EPERM,
  mount: EPERM,
  umount: EPERM,
  fsopen: REFUSED,
  open_tree: REFUSED,
  move_mount: REFUSED,
  mount_setattr: REFUSED,
  pivot_root: EPERM,
  chroot: EPERM,
  ptrace: EPERM,
  process_vm_readv: EPERM,
  bpf: EPERM,
  keyctl: EPERM,
  add_key: EPERM,
  io_uring: REFUSED,
  userfaultfd: EPERM,
  perf: EPERM,
  kexec: EPERM,
  init_module: EPERM,
  handle: EPERM,
  syslog: EPERM,
  tiocsti: EPERM,
  "tiocsti-upper": EPERM,
  tioclinux: EPERM,
  "tiocsetd-upper": EPERM,
  fionread: [0],
  packet: REFUSED,
  vsock: REFUSED,
  "vsock-upper": REFUSED,
  alg: REFUSED,
  "netlink-audit": REFUSED,
  "netlink-route": [0],
  inet: [0],
  unix: [0],
  select: [0],
  personality: REFUSED,
  // gVisor has none.
  "personality-query": [0, 22],
};

/** The filter, seen from inside by a program that makes raw calls. */
export function describeSystemCalls(
  name: string,
  makeEngine: () => Engine,
  test: CaseTest = plainTest,
): void {
  const skip = spawnSync("gcc", ["--version"]).status === 0 ? false : "gcc is not installed";
  describe(`${name}: system calls`, { skip }, () => {
    const probe = lazily(async () => {
      using one = openEngineCase(makeEngine());
      const { inside, mount } = compile(one);
      const scripts = {
        calls: `exec ${inside}`,
        x32: `${inside} x32; echo $?`,
        i386: `${inside} i386; echo $?`,
        control: `${inside} control`,
        nested:
          "unshare -Ur true 2>/dev/null || echo refused; unshare -m true 2>/dev/null || echo refused; nsenter -t 1 -m true 2>/dev/null || echo refused",
      };
      return await runTogether(one, scripts, { mounts: [mount] });
    });

    test("refuses what is dangerous and lets pass what programs need", async () => {
      const { stdout } = (await probe()).calls;
      const said = new Map(
        stdout
          .trim()
          .split("\n")
          .map((line) => line.split(" ") as [string, string]),
      );
      for (const [call, errors] of Object.entries(EXPECTED))
        assert.ok(
          errors.includes(Number(said.get(call))),
          `${call} gave ${said.get(call)}, not ${errors.join(" or ")}`,
        );
    });

    test("the calls of another architecture kill", {
      skip: process.arch === "x64" ? false : "x86-64 has them",
    }, async () => {
      const { x32, i386, control } = await probe();
      assert.match(x32.stdout, /^159\n$/);
      // A kernel without 32-bit calls answers int 0x80 by SIGSEGV before any filter is asked.
      assert.match(i386.stdout, /^(159|139)\n$/);
      assert.equal(control.stdout, "control\n");
    });

    test("nested sandboxes of the task's own cannot be made", async () => {
      assert.equal((await probe()).nested.stdout, "refused\nrefused\nrefused\n");
    });
  });
}

function compile(one: EngineCase) {
  const source = path.join(one.dir, "probe.c");
  const program = path.join(one.dir, "probe");
  writeFileSync(source, PROBE);
  const built = spawnSync("gcc", ["-O1", "-o", program, source], { encoding: "utf8" });
  assert.equal(built.status, 0, built.stderr);
  chmodSync(program, 0o755);
  return {
    inside: "/probe/run",
    mount: { kind: "readonly", source: program, target: "/probe/run" },
  } as const;
}
