import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectPlain, type Socket } from "node:net";
import { test } from "node:test";
import { connect } from "node:tls";
import { openCase } from "./gateway-case.js";
import { awaitLetGo, serveHostile } from "./hostile-server.js";
import { openRaw, readBytes } from "./raw-client.js";
import { serveSockets } from "./servers.js";

const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";
/** Longer than any test runs: what waits for it never ends. */
const NEVER_MS = 3_600_000;

test("the end of a gateway does not wait for a server that goes on after a half-close", async () => {
  await using server = await serveHostile("heard");
  const gate = await openCase({ allow: [`localhost:${server.port}`] });
  const client = await openRaw(gate.ports.http);
  client.write(`CONNECT localhost:${server.port} HTTP/1.0\r\n\r\n`);
  await readBytes(client, ESTABLISHED.length);
  client.end("XYZZY 1");
  const upstream = await server.next();
  await readBytes(client, 5);
  await awaitLetGo(upstream);
  const closed = new Promise((resolve) => upstream.once("close", resolve));
  await gate.gateway[Symbol.asyncDispose]();
  const { result } = await gate.nextEnd();
  assert.deepEqual(
    [result.end, result.reason, result.bytesOut, result.bytesIn],
    ["failed", "the sandbox has ended", 7, 5],
  );
  // Nobody is there who could take it.
  const push = setInterval(() => upstream.write("more"), 5);
  await closed.finally(() => clearInterval(push));
  await assert.rejects(openRaw(gate.ports.http), /ECONNREFUSED/);
});

test("a server that never completes TLS is let go when the client leaves, and at the end", async () => {
  await using server = await serveHostile("");
  for (const leaves of [true, false]) {
    const gate = await openCase({
      allow: [`api.test:${server.port}`],
      hosts: { "api.test": ["127.0.0.1"] },
      inspect: ["api.test"],
      limits: { connectMs: NEVER_MS },
    });
    const client = await openRaw(gate.ports.http);
    client.write(`CONNECT api.test:${server.port} HTTP/1.0\r\n\r\n`);
    await readBytes(client, ESTABLISHED.length);
    const inside = connect({ socket: client, servername: "api.test", ca: gate.gateway.caPem() });
    inside.on("error", () => undefined);
    await once(inside, "secureConnect");
    inside.write(`GET / HTTP/1.1\r\nHost: api.test:${server.port}\r\n\r\n`);
    const upstream = await server.next();
    if (leaves) client.destroy();
    else await gate.gateway[Symbol.asyncDispose]();
    await awaitLetGo(upstream);
    await gate.nextEnd();
    const { result } = await gate.nextEnd();
    assert.deepEqual([result.end, result.reason], ["failed", "the client has gone away"]);
    inside.destroy();
    if (leaves) await gate.gateway[Symbol.asyncDispose]();
  }
});

/** Much more than all buffers of the kernel on the way. */
const FLOOD = { piece: Buffer.alloc(1 << 20, "f"), pieces: 48 };

test("passes what a server says first no faster than the client takes it, and all of it in the end", async () => {
  let poured = 0;
  const pour = (socket: Socket): void => {
    if (poured < FLOOD.pieces) socket.write(FLOOD.piece, () => pour(socket));
    poured++;
  };
  await using server = await serveSockets((socket) => {
    pour(socket);
    socket.resume().once("end", () => socket.end());
  });
  await using proxy = await serveSockets((socket) => {
    socket.once("data", () => {
      const onward = connectPlain({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
      onward.on("error", () => undefined);
      socket.write(ESTABLISHED);
      socket.pipe(onward).pipe(socket);
    });
  });
  await using gate = await openCase({
    allow: [`localhost:${server.port}`],
    upstreamFor: () => ({ host: "127.0.0.1", port: proxy.port }),
  });
  const client = await openRaw(gate.ports.http);
  client.write(`CONNECT localhost:${server.port} HTTP/1.0\r\n\r\n`);
  await readBytes(client, ESTABLISHED.length + 1);
  client.pause();
  // Until nothing moves any more: what then is not on its way yet waits for the client.
  let before = 0;
  for (let still = 0; still < 20; ) {
    still = poured === before ? still + 1 : 0;
    before = poured;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(poured < FLOOD.pieces, "the gateway took all of it");
  let taken = 1;
  client.on("data", (chunk: Buffer) => {
    taken += chunk.length;
    if (taken === FLOOD.pieces * FLOOD.piece.length) client.end("\r\n!");
  });
  client.resume();
  await once(client, "end");
  assert.equal(taken, FLOOD.pieces * FLOOD.piece.length);
  client.destroy();
  const { result } = await gate.nextEnd();
  assert.equal(result.end, "done", result.reason);
  assert.equal(result.bytesOut, 3);
  assert.equal(result.bytesIn, taken);
});
