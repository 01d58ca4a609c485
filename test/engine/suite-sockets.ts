import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { describe } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { openEngineCase } from "../support/engine-case.js";
import { type CaseTest, plainTest } from "./case-test.js";

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

/** Live things of the host in directories that are mounted. */
export function describeSockets(
  name: string,
  makeEngine: () => Engine,
  test: CaseTest = plainTest,
): void {
  describe(`${name}: live sockets and FIFOs`, () => {
    for (const place of ["shared", "project"] as const)
      test(`of the host cannot be reached in ${place === "shared" ? "a read-only directory" : "a workspace"}`, async () => {
        using one = openEngineCase(makeEngine());
        const shared = path.join(one.dir, "shared");
        mkdirSync(shared, { mode: 0o755 });
        const at = path.join(one.dir, place, "sock");
        const fifo = path.join(one.dir, place, "fifo");
        const server = createServer((socket) => socket.on("error", () => {}).end("hello")).listen(
          at,
        );
        await once(server, "listening");
        chmodSync(at, 0o777);
        spawnSync("mkfifo", ["-m", "666", fifo]);
        const reader = spawn("tail", ["-f", fifo]);
        const control = spawn("python3", ["-c", toConnect(at)]);
        const [said] = (await once(control.stdout, "data")) as [Buffer];
        assert.equal(said.toString().trim(), "reached");
        const mounts = [{ kind: "readonly", source: shared, target: shared }] as const;
        const connected = await one.run({ argv: ["python3", "-c", toConnect(at)], mounts });
        const wrote = await one.run({ argv: ["python3", "-c", toWrite(fifo)], mounts });
        reader.kill("SIGKILL");
        await once(reader, "exit");
        server.close();
        assert.equal(connected.stdout, "refused\n");
        assert.equal(wrote.stdout, "refused\n");
      });
  });
}
