import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync } from "node:fs";
import { connect, createServer } from "node:net";
import { after, describe } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { type EngineCase, openEngineCase } from "../support/engine-case.js";
import { type CaseTest, plainTest } from "./case-test.js";
import { lazily, runTogether } from "./run-together.js";

/** What most cases look at, one script each. */
const SCRIPTS = {
  status: `cat /proc/self/status; python3 -c 'import ctypes; print("no new", ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))'; umask; touch made`,
  memory: "cat /proc/self/oom_score_adj",
  groups: "grep Groups /proc/self/status",
  user: "id -un; cut -d: -f1 /etc/passwd | sort | xargs; cd; pwd; touch kept && ls -A; touch /tmp/kept-too && cd /tmp && ls | grep -v sbx-; hostname",
  host: "for d in / /run /var /home; do cd $d && echo $d: && ls -A && echo; done; for f in /root /boot /var/lib /etc/shadow /etc/ssh /etc/sudoers /etc/machine-id; do test -e $f && echo $f; done; echo end",
  sys: "for f in /usr /sys; do test -e $f && echo $f; done",
  devices:
    "cd /dev; ls | xargs; echo x >/dev/null; head -c 3 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c; python3 -c 'import os; os.openpty()' && echo pty; cut -d. -f1-2 /proc/version",
  descriptors: `exec python3 -c "import os; print(sorted(os.listdir('/proc/self/fd'))[:-1])
try: os.open('/dev/tty', os.O_RDWR); print('tty')
except OSError: print('no tty')"`,
  processes: "cd /proc; ls | grep -c '^[0-9]*$'; cd 1/root/ && readlink /proc/1/root",
  kernel:
    "head -c 1 /proc/kcore 2>/dev/null | wc -c; (echo 1 >/proc/sys/kernel/core_pattern) 2>/dev/null || echo refused; (echo b >/proc/sysrq-trigger) 2>/dev/null || echo refused",
} as const;

/** Says whether an abstract unix socket answers. */
const REACH = `
import socket
s = socket.socket(socket.AF_UNIX)
try: s.connect("\\0sbx-${process.pid}"); print("reached")
except OSError: print("refused")`;

const LISTEN = `
import socket, time
s = socket.socket(socket.AF_UNIX); s.bind("\\0sbx-${process.pid}"); s.listen(); print("ready", flush=True); time.sleep(600)`;

const toNetwork = (port: number): string => `
import socket
try: socket.create_connection(("127.0.0.1", ${port}), 2); print("reached the host")
except OSError: print("refused")
s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); s.accept()[0].send(b"own loopback"); print(c.recv(99).decode())
try: socket.create_connection(("192.0.2.1", 80), 2); print("reached out")
except OSError: print("no route")
print([n for _, n in socket.if_nameindex()])`;

/** Who the task is, what it sees of the host, and what it has of its own. */
export function describeAccess(
  name: string,
  makeEngine: () => Engine,
  test: CaseTest = plainTest,
): void {
  describe(`${name}: what a task has`, () => {
    let opened: EngineCase | undefined;
    const look = lazily(async () => {
      opened = openEngineCase(makeEngine());
      return await lookAround(opened);
    });
    after(() => opened?.[Symbol.dispose]());

    test("no capability, no new privileges, and ids that are not root's on the host", async () => {
      const { one, said } = await look();
      const { stdout } = said.status;
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd"])
        assert.match(stdout, new RegExp(`^${set}:\t0000000000000000$`, "m"));
      // gVisor has no ambient ones.
      assert.doesNotMatch(stdout, /^CapAmb:\t.*[^0\s]/m);
      // PR_GET_NO_NEW_PRIVS: gVisor's status does not say it.
      assert.match(stdout, /^no new 1\n0022\n/m);
      const made = lstatSync(`${one.upper}/made`);
      assert.deepEqual([made.uid, made.gid], [one.uid, one.gid]);
      assert.notEqual(made.uid, 0);
    });

    test("a filter for its system calls", async () => {
      assert.match((await look()).said.status.stdout, /^Seccomp:\t2$/m);
    });

    test("ended before others where the machine's memory runs out", async () => {
      assert.equal((await look()).said.memory.stdout, "500\n");
    });

    test("as root: refuses to run a task as root, and has no group but the task's", {
      skip: process.getuid?.() === 0 ? false : "only root can ask for it",
    }, async () => {
      const { one, said } = await look();
      await assert.rejects(one.run({ argv: ["true"], spec: { uid: 0, gid: 0 } }), {
        code: "sandbox-unavailable",
        message: /id 0/,
      });
      // Docker and gVisor name the primary one.
      assert.match(said.groups.stdout, new RegExp(`^Groups:\\s*(${one.gid})?\\s*\n$`));
    });

    test("a passwd that knows the task alone, a home and a /tmp of its own", async () => {
      const { one, said } = await look();
      const { stdout, stderr } = said.user;
      assert.equal(stderr, "");
      const users = stdout.split("\n")[1];
      assert.ok(users === "nobody root tester" || users === "nobody tester", users);
      assert.match(stdout, /^tester\n[a-z ]+\n\/home\/tester\nkept\nkept-too\nsandbox\n$/);
      const again = await one.run("cd /home/tester; ls -A; cd /tmp; ls | grep -v sbx-");
      assert.equal(again.stdout, "");
    });

    test("nothing of the host but system directories and what is mounted", async () => {
      const { stdout } = (await look()).said.host;
      assert.doesNotMatch(stdout, /\/(root|boot|var\/lib|etc\/)/);
      assert.match(stdout, /end\n$/);
      assert.match(stdout, /\/run:\n(environment\n)?(init\n)?\n/);
      assert.match(stdout, /\/home:\ntester\n/);
    });

    test("no /sys", async () => {
      assert.equal((await look()).said.sys.stdout, "/usr\n");
    });

    test("devices: the few that programs need", async () => {
      const { stdout, stderr } = (await look()).said.devices;
      assert.equal(stderr, "");
      const [devices = "", ...rest] = stdout.split("\n");
      // gVisor, which says that it is a Linux 4.4, has these of its own.
      const own = rest.at(-2) === "Linux version 4.4" ? ["fuse", "net"] : [];
      const expected =
        "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero";
      for (const device of devices.split(" "))
        assert.ok(expected.split(" ").includes(device) || own.includes(device), device);
      assert.deepEqual(rest.slice(0, -2), ["3", "3", "pty"]);
    });

    test("the environment that was given, and no other", async () => {
      const { one } = await look();
      process.env["SBX_LEAK"] = "leaked";
      const env = { PATH: "/usr/bin:/bin", ODD: "a b\n$c" };
      const { stdout } = await one.run({ argv: ["env", "-0"], spec: { env } });
      delete process.env["SBX_LEAK"];
      const lines = stdout
        .split("\0")
        .slice(0, -1)
        .filter((line) => !line.startsWith("HOME="));
      assert.deepEqual(lines.sort(), ["ODD=a b\n$c", "PATH=/usr/bin:/bin"]);
    });

    test("no descriptor but its three streams, none of them the host's terminal", async () => {
      assert.equal((await look()).said.descriptors.stdout, "['0', '1', '2']\nno tty\n");
    });

    test("processes: its own only", async () => {
      const { said } = await look();
      const [count, root] = said.processes.stdout.split("\n");
      // The init, two shells and the two programs of the pipe.
      assert.ok(Number(count) >= 1 && Number(count) <= 5, said.processes.stdout);
      // gVisor has no such link.
      assert.ok(root === "/" || root === "", said.processes.stdout);
      assert.equal(said.kernel.stdout, "0\nrefused\nrefused\n");
    });

    test("a network with loopback only", async () => {
      const { said } = await look();
      assert.equal(said.network.stdout, "refused\nown loopback\nno route\n['lo']\n");
    });

    test("abstract unix sockets of the host are out of reach", async () => {
      assert.equal((await look()).said.abstract.stdout, "refused\n");
    });
  });
}

/** Runs the scripts beside servers of the host, which are reached from outside (control). */
async function lookAround(one: EngineCase) {
  const server = createServer((socket) => socket.end("host\n")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const [greeting] = (await once(connect(port, "127.0.0.1"), "data")) as [Buffer];
  assert.equal(greeting.toString(), "host\n");
  const listener = spawn("/usr/bin/python3", ["-c", LISTEN]);
  try {
    await once(listener.stdout, "data");
    const control = spawn("/usr/bin/python3", ["-c", REACH]);
    const [reached] = (await once(control.stdout, "data")) as [Buffer];
    assert.equal(reached.toString().trim(), "reached");
    const said = await runTogether(one, {
      ...SCRIPTS,
      network: `exec python3 -c '${toNetwork(port)}'`,
      abstract: `exec python3 -c '${REACH}'`,
    });
    return { one, said };
  } finally {
    server.close();
    listener.kill("SIGKILL");
    await once(listener, "exit");
  }
}
