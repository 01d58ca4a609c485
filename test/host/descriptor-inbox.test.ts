import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { describe, test } from "node:test";
import { findScript } from "../../src/engine/oci/find-script.js";
import { openDescriptorInbox } from "../../src/host/descriptor-inbox.js";
import { openTempDir } from "../support/temp-tree.js";

const SENDMSG = process.arch === "arm64" ? 211 : 46;
const O_CLOEXEC = 0o2000000;

/** Hands over as many listening sockets as `count` says to what listens at `file`; resolves with what Perl says of it. */
async function handOver(file: string, count: number): Promise<string> {
  const script =
    "require shift; my $problem = hand_over_listeners(@ARGV); print $problem || 'done'";
  const listeners = Array.from({ length: count }, () => "tcp 127.0.0.1 0");
  const argv = ["-e", script, findScript("listen.pl"), file, String(SENDMSG), "1", ...listeners];
  const child = spawn("perl", argv, { stdio: ["ignore", "pipe", "inherit"] });
  const said: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => said.push(chunk));
  await once(child, "close");
  return Buffer.concat(said).toString();
}

/** Sockets of this process that listen on TCP. */
function countListening(): number {
  const table = readFileSync("/proc/self/net/tcp", "utf8").split("\n");
  const listening = table
    .map((line) => line.trim().split(/\s+/))
    .filter((line) => line[3] === "0A");
  const inodes = new Set(listening.map((line) => `socket:[${line[9]}]`));
  return readdirSync("/proc/self/fd").filter((fd) => inodes.has(readLink(fd))).length;
}

function readLink(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

describe("an inbox for descriptors", () => {
  test("gives the sockets of another process, which no program of ours inherits; and says that it has them", async () => {
    using temp = openTempDir();
    using inbox = await openDescriptorInbox(temp.path, "in");
    const other = handOver(inbox.path, 2);
    const { take, confirm } = await inbox.receive(2);
    const descriptors = take();
    for (const fd of descriptors) {
      const [, flags = "0"] =
        /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")) ?? [];
      assert.notEqual(Number.parseInt(flags, 8) & O_CLOEXEC, 0);
    }
    assert.equal(countListening(), 2);
    confirm();
    assert.equal(await other, "done");
    const server = createServer().listen({ fd: descriptors[0] });
    await once(server, "listening");
    server.close();
    closeSync(descriptors[1] ?? -1);
    assert.equal(countListening(), 0);
  });

  test("closes what is not as many as were to come, and what nobody took", async () => {
    using temp = openTempDir();
    for (const wanted of [1, 3, 2]) {
      const inbox = await openDescriptorInbox(temp.path, "in");
      const other = handOver(inbox.path, 2);
      if (wanted === 2) await inbox.receive(wanted);
      else await assert.rejects(inbox.receive(wanted), /^Error: 2 descriptors were handed over/);
      assert.equal(countListening(), 2, "control");
      inbox[Symbol.dispose]();
      assert.equal(countListening(), 0);
      assert.equal(await other, "node has not taken the sockets");
      assert.deepEqual(readdirSync(temp.path), []);
    }
  });

  test("does not wait for ever", async () => {
    using temp = openTempDir();
    const inbox = await openDescriptorInbox(temp.path, "in");
    const received = inbox.receive(1);
    inbox[Symbol.dispose]();
    await assert.rejects(received, /nobody waits/);
    assert.match(await handOver(inbox.path, 1), /^cannot reach node/);
  });

  test("lies in a directory of any length, where a dead one may be left", async () => {
    using temp = openTempDir();
    const deep = path.join(temp.path, "d".repeat(200), "e".repeat(200));
    mkdirSync(deep, { recursive: true });
    const dead = spawn("perl", [
      "-e",
      'chdir(shift); socket(S, 1, 1, 0); bind(S, pack("S a108", 1, "in")) or die $!',
      deep,
    ]);
    await once(dead, "close");
    assert.ok(existsSync(path.join(deep, "in")), "control");
    using inbox = await openDescriptorInbox(deep, "in");
    const other = handOver(inbox.path, 1);
    const { take, confirm } = await inbox.receive(1);
    closeSync(take()[0] ?? -1);
    confirm();
    assert.equal(await other, "done");
  });
});
