import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { describe } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { type EngineCase, openEngineCase } from "../support/engine-case.js";
import { type CaseTest, plainTest } from "./case-test.js";
import { lazily, runTogether } from "./run-together.js";

/** Python that says whether a unix socket answers. */
const toConnect = (at: string): string => `
import socket
s = socket.socket(socket.AF_UNIX)
try: s.connect("${at}"); print("reached")
except OSError: print("refused")`;

/** Python that says whether a FIFO with a reader takes a byte. */
const toWrite = (at: string): string => `
import os
try: os.write(os.open("${at}", os.O_WRONLY | os.O_NONBLOCK), b"x"); print("reached")
except OSError: print("refused")`;

const PLACES = ["shared", "project"] as const;

/** Live things of the host in directories that are mounted. */
export function describeSockets(
  name: string,
  makeEngine: () => Engine,
  test: CaseTest = plainTest,
): void {
  describe(`${name}: live sockets and FIFOs`, () => {
    const reach = lazily(async () => {
      using one = openEngineCase(makeEngine());
      return await reachAll(one);
    });
    for (const place of PLACES)
      test(`of the host cannot be reached in ${place === "shared" ? "a read-only directory" : "a workspace"}`, async () => {
        const said = await reach();
        assert.equal(said[`${place} sock`]?.stdout, "refused\n");
        assert.equal(said[`${place} fifo`]?.stdout, "refused\n");
      });
  });
}

/** Tries a socket and a FIFO in each place, from outside too (control). */
async function reachAll(one: EngineCase) {
  const shared = path.join(one.dir, "shared");
  mkdirSync(shared, { mode: 0o755 });
  const scripts: Record<string, string> = {};
  const ends: (() => Promise<unknown>)[] = [];
  for (const place of PLACES) {
    const [at, fifo] = [path.join(one.dir, place, "sock"), path.join(one.dir, place, "fifo")];
    const server = createServer((socket) => socket.on("error", () => {}).end("hello")).listen(at);
    await once(server, "listening");
    chmodSync(at, 0o777);
    spawnSync("mkfifo", ["-m", "666", fifo]);
    const reader = spawn("tail", ["-f", fifo]);
    ends.push(async () => {
      server.close();
      reader.kill("SIGKILL");
      await once(reader, "exit");
    });
    const control = spawn("/usr/bin/python3", ["-c", toConnect(at)]);
    const [said] = (await once(control.stdout, "data")) as [Buffer];
    assert.equal(said.toString().trim(), "reached");
    scripts[`${place} sock`] = `exec python3 -c '${toConnect(at)}'`;
    scripts[`${place} fifo`] = `exec python3 -c '${toWrite(fifo)}'`;
  }
  const mounts = [{ kind: "readonly", source: shared, target: shared }] as const;
  const said = await runTogether(one, scripts, { mounts });
  for (const end of ends) await end();
  return said;
}
