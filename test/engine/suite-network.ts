import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { after, describe } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../../src/core/error.js";
import { AGENT_SOCKET, type SandboxListener } from "../../src/core/gateway-listener.js";
import type { Engine, SandboxGateway } from "../../src/engine/engine.js";
import { type EngineCase, findScratch, openEngineCase } from "../support/engine-case.js";
import { ANSWER, openTestGateway } from "../support/test-gateway.js";
import { type CaseTest, plainTest } from "./case-test.js";
import { openHostServers } from "./host-servers.js";
import { lazily, runTogether } from "./run-together.js";

const LISTENERS: readonly SandboxListener[] = [
  { protocol: "tcp", address: "127.0.0.1", port: 3128 },
  { protocol: "tcp", address: "0.0.0.0", port: 443 },
  { protocol: "udp", address: "127.0.0.1", port: 53 },
];

/** With one that only a task on the host's own kernel reaches. */
export const WITH_UNIX: readonly SandboxListener[] = [
  ...LISTENERS,
  { protocol: "unix", path: AGENT_SOCKET },
];

/** Python: what came over TCP from there, or why nothing did. */
const ASK = `
import socket
def ask(host, port):
  try: return socket.create_connection((host, port), 2).recv(99).decode().strip()
  except ConnectionRefusedError: return "refused"
  except OSError as error: return str(error)
`;

const SCRIPTS = {
  listeners: `${ASK}
print(ask("127.0.0.1", 3128), ask("127.0.0.1", 443), ask("127.3.2.1", 443), ask("127.3.2.1", 3128), ask("127.0.0.1", 80))`,
  names: `${ASK}
print(socket.gethostbyname("some.where.test"), ask("some.where.test", 443), ask("localhost", 3128))
print(open("/etc/resolv.conf").read())`,
  places: `
import socket
def take(kind, address, port, options):
  s = socket.socket(socket.AF_INET, kind)
  for option in options: s.setsockopt(socket.SOL_SOCKET, option, 1)
  try:
    s.bind((address, port))
    if kind == socket.SOCK_STREAM: s.listen()
    return "taken"
  except OSError: return "no"
TCP, UDP, ADDRESS, PORT = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SO_REUSEADDR, socket.SO_REUSEPORT
for options in (), (ADDRESS,), (PORT,), (ADDRESS, PORT):
  for kind, port in (TCP, 3128), (TCP, 443), (UDP, 53):
    print(take(kind, "127.0.0.1", port, options), take(kind, "0.0.0.0", port, options), take(kind, "127.3.2.1", port, options) if port == 443 else "no")
print(take(TCP, "127.0.0.1", 3129, ()), take(TCP, "0.0.0.0", 3130, ()), take(UDP, "0.0.0.0", 3130, ()))`,
  network: `
import socket
print([name for _, name in socket.if_nameindex()])
print(open("/proc/net/route").read().count("\\n"))`,
} as const;

/** Python: what rights over a network would give, each "no" without them. */
const RIGHTS = `
import fcntl, socket, struct
def can(what, use):
  try: use(); print(what, "yes")
  except OSError: print(what, "no")
def send(kind, body):
  s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0); s.settimeout(5)
  s.send(struct.pack("=IHHII", 16 + len(body), kind, 0x605, 1, 0) + body)
  error = struct.unpack("=i", s.recv(4096)[16:20])[0]
  if error in (-1, -13, -22, -95, -38): raise OSError()
def allow():
  with open("/proc/sys/net/ipv4/ping_group_range", "w") as f: f.write("0 0")
can("setting", allow)
can("ping", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP))
can("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
can("packets", lambda: socket.socket(17, socket.SOCK_RAW, 0))
can("route", lambda: send(24, struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, 3, 253, 1, 0) + struct.pack("=HH4sHHi", 8, 1, bytes([10, 9, 8, 7]), 8, 4, 1)))
can("address", lambda: fcntl.ioctl(socket.socket(), 0x8916, struct.pack("=16sHH4s8x", b"lo:1", 2, 0, bytes([10, 9, 8, 7]))))
can("interface", lambda: fcntl.ioctl(socket.socket(), 0x8914, struct.pack("=16sH22x", b"lo", 0)))`;

/** A network through a gateway of the host's: its listeners inside, and nothing else. */
export function describeNetwork(
  name: string,
  makeEngine: () => Engine,
  test: CaseTest = plainTest,
): void {
  describe(`${name}: a network with a gateway`, () => {
    let opened: EngineCase | undefined;
    const look = lazily(async () => {
      opened = openEngineCase(makeEngine());
      return await lookAround(opened);
    });
    after(() => opened?.[Symbol.dispose]());

    test("the task reaches what listens for it, and that alone of its loopback", async () => {
      const { said } = await look();
      const words = ["gateway 3128", "gateway 443", "gateway 443", "refused", "refused"];
      assert.equal(said.listeners.stdout, `${words.join(" ")}\n`);
    });

    test("names come from the gateway", async () => {
      const { stdout } = (await look()).said.names;
      const [found, ...servers] = stdout.trim().split("\n");
      assert.equal(found, `${ANSWER} gateway 443 gateway 3128`);
      assert.deepEqual(
        servers.filter((line) => line.startsWith("nameserver")),
        ["nameserver 127.0.0.1"],
      );
    });

    test("nothing of the host or beyond can be reached without it", async () => {
      const { said, host } = await look();
      assert.deepEqual(host.readReached(said.host.stdout, host.tries), []);
    });

    test("the task has no rights over its network", async () => {
      const { said } = await look();
      const control = spawnSync("unshare", ["-rn", "/usr/bin/python3", "-c", RIGHTS]);
      const whats = ["setting", "ping", "raw", "packets", "route", "address", "interface"];
      const all = (answer: string) => `${whats.map((what) => `${what} ${answer}\n`).join("")}`;
      assert.equal(control.stdout.toString(), all("yes"), control.stderr.toString());
      assert.equal(said.rights.stdout, all("no"), said.rights.stderr);
      assert.equal(said.network.stdout, "['lo']\n1\n");
    });

    test("nobody inside can take a listener's place", async () => {
      const { stdout } = (await look()).said.places;
      assert.equal(stdout, `${"no no no\n".repeat(12)}taken taken taken\n`);
    });

    test("when the gateway closes, nothing is reached any more", async () => {
      using one = openEngineCase(makeEngine());
      await using gateway = openTestGateway(LISTENERS);
      const script = `${ASK}
print(ask("127.0.0.1", 443), flush=True); input(); print(ask("127.0.0.1", 443), ask("127.0.0.1", 3128), flush=True)`;
      const task = await one.start({ argv: ["python3", "-c", script], gateway });
      await task.says("gateway 443");
      await gateway.close();
      task.typing.write("go on\n");
      assert.deepEqual(await task.sandbox.wait(), { outcome: "exited", code: 0 });
      await task.sandbox[Symbol.asyncDispose]();
      assert.equal(task.output.stdout, "gateway 443\nrefused refused\n");
    });

    test("a unix socket is where it should be, and goes with the gateway", async () => {
      using one = openEngineCase(makeEngine());
      await using gateway = openTestGateway(WITH_UNIX);
      const script = `
import os, socket
def ask():
  s = socket.socket(socket.AF_UNIX)
  try: s.connect("${AGENT_SOCKET}"); return s.recv(99).decode().strip()
  except ConnectionRefusedError: return "refused"
with open("/proc/self/mountinfo") as f: print([line for line in f if "/run/sandbox" in line and "${one.scratch}" in line], flush=True)
print(ask(), flush=True); input(); print(ask(), flush=True)`;
      const task = await one.start({ argv: ["python3", "-c", script], gateway });
      await task.says(`gateway ${AGENT_SOCKET}`);
      await gateway.close();
      task.typing.write("go on\n");
      assert.deepEqual(await task.sandbox.wait(), { outcome: "exited", code: 0 });
      await task.sandbox[Symbol.asyncDispose]();
      assert.match(task.output.stdout, new RegExp(`^\\[\\]\ngateway ${AGENT_SOCKET}\nrefused\n$`));
      assert.deepEqual(findScratch(one), []);
    });

    test("where something cannot listen there is no sandbox, and nothing is left", async () => {
      using one = openEngineCase(makeEngine());
      await using gateway = openTestGateway([...LISTENERS, ...LISTENERS]);
      await assert.rejects(one.run({ argv: ["touch", "made"], gateway }), {
        code: "sandbox-unavailable",
        message: /listen on tcp 127\.0\.0\.1:3128/,
      });
      assert.deepEqual(gateway.adopted, []);
      assert.deepEqual(listForeignSockets(), []);
      assert.deepEqual(readdirSync(one.upper), []);
      assert.deepEqual(findScratch(one), []);
      await using good = openTestGateway(LISTENERS);
      const { outcome } = await one.run({ argv: ["true"], gateway: good });
      assert.deepEqual(outcome, { outcome: "exited", code: 0 });
      assert.equal(listForeignSockets().length, LISTENERS.length, "control");
    });

    test("a gateway is prepared before it gets its sockets, and where it cannot be, nothing of the task begins", async () => {
      using one = openEngineCase(makeEngine());
      await using gateway = openTestGateway(LISTENERS);
      const late = (prepare: () => Promise<void>): SandboxGateway => ({
        listeners: LISTENERS,
        prepare,
        adopt: (descriptors) => gateway.adopt(descriptors),
      });
      const broken = late(() => Promise.reject(new SandboxError("denied", "no gateway today")));
      await assert.rejects(one.run({ argv: ["touch", "made"], gateway: broken }), {
        message: "no gateway today",
      });
      assert.deepEqual(gateway.adopted, []);
      // The door's own connection belongs to the namespace of who called, and Node closes it a moment after it was told to.
      for (let tries = 0; listForeignSockets().length > 0 && tries < 200; tries += 1)
        await delay(10);
      assert.deepEqual(listForeignSockets(), []);
      assert.deepEqual([readdirSync(one.upper), findScratch(one)], [[], []]);
      const seen: number[] = [];
      const good = late(async () => {
        await new Promise(setImmediate);
        seen.push(gateway.adopted.length);
      });
      const { outcome } = await one.run({ argv: ["true"], gateway: good });
      assert.deepEqual(outcome, { outcome: "exited", code: 0 });
      assert.deepEqual([seen, gateway.adopted.length], [[0], LISTENERS.length]);
    });

    test("a spec with a gateway is not started without one, nor the other way", async () => {
      using one = openEngineCase(makeEngine());
      await using gateway = openTestGateway(LISTENERS);
      const wrong = /wrong gateway/;
      await assert.rejects(one.run({ argv: ["true"], spec: { network: "gateway" } }), wrong);
      await assert.rejects(one.run({ argv: ["true"], gateway, spec: { network: "none" } }), wrong);
      assert.deepEqual(gateway.adopted, []);
    });
  });
}

/** Runs all scripts in one task, beside servers of the host that are reached from outside (control). */
async function lookAround(one: EngineCase) {
  await using gateway = openTestGateway(LISTENERS);
  await using host = await openHostServers();
  const script = (text: string) => `exec python3 -c '${text}'`;
  assert.equal(host.readReached(await host.runOutside(), host.servers).length, host.servers);
  const said = await runTogether(
    one,
    {
      listeners: script(SCRIPTS.listeners),
      names: script(SCRIPTS.names),
      places: script(SCRIPTS.places),
      network: script(SCRIPTS.network),
      rights: script(RIGHTS),
      host: script(host.script),
    },
    { gateway },
  );
  assert.equal(gateway.adopted.length, LISTENERS.length);
  return { said, host };
}

/** Sockets of this process in another network namespace than its own. */
function listForeignSockets(): readonly string[] {
  // The kernel's lists are not of one moment: an entry can be missed where others come and go.
  const looks = Array.from({ length: 5 }, () => new Set(lookForForeignSockets()));
  return [...(looks[0] ?? [])].filter((inode) => looks.every((look) => look.has(inode)));
}

function lookForForeignSockets(): readonly string[] {
  const own = ["tcp", "tcp6", "udp", "udp6", "unix", "netlink"]
    .map((kind) => readFileSync(`/proc/self/net/${kind}`, "utf8"))
    .join("\n");
  const known = new Set(own.split(/\s+/));
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(readLink(fd)) ?? [];
    return inode === undefined || known.has(inode) ? [] : [inode];
  });
}

function readLink(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

/** A backend that can hand no sockets out says so, and starts nothing. */
export function describeNetworkRefusal(
  name: string,
  makeEngine: () => Engine,
  reason: RegExp,
  listeners: readonly SandboxListener[] = LISTENERS,
): void {
  describe(`${name}: no network with such a gateway`, () => {
    plainTest("is refused in one line, and nothing is left", async () => {
      using one = openEngineCase(makeEngine());
      await using gateway = openTestGateway(listeners);
      await assert.rejects(one.run({ argv: ["touch", "made"], gateway }), (error: unknown) => {
        assert.ok(error instanceof SandboxError);
        assert.equal(error.code, "sandbox-unavailable");
        assert.match(error.message, reason);
        assert.ok(!error.message.includes("\n"));
        return true;
      });
      assert.deepEqual(gateway.adopted, []);
      assert.deepEqual([readdirSync(one.upper), findScratch(one)], [[], []]);
      const { outcome } = await one.run({ argv: ["true"] });
      assert.deepEqual(outcome, { outcome: "exited", code: 0 }, "control");
    });
  });
}
