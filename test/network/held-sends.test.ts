import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { Send, SendVerdict } from "../../src/core/send.js";
import { openCase } from "./gateway-case.js";
import { openRaw, readAll, readBytes } from "./raw-client.js";
import { serveRequests, serveSockets } from "./servers.js";

/** A decision that waits until it is told. */
function openDesk(): {
  readonly decide: (send: Send, abort: AbortSignal) => Promise<SendVerdict>;
  readonly asked: Promise<AbortSignal>;
  readonly answer: (verdict: SendVerdict) => void;
} {
  let answer: (verdict: SendVerdict) => void = () => undefined;
  let ask: (abort: AbortSignal) => void = () => undefined;
  const asked = new Promise<AbortSignal>((resolve) => {
    ask = resolve;
  });
  const verdict = new Promise<SendVerdict>((resolve) => {
    answer = resolve;
  });
  const decide = (_: Send, abort: AbortSignal): Promise<SendVerdict> => {
    ask(abort);
    return verdict;
  };
  return { decide, asked, answer };
}

const ALLOW = { decision: "allow", mayBePrivate: true, inspect: false } as const;

test("sends nothing while a request is held, and all of it once it is allowed", async () => {
  let requests = 0;
  await using server = await serveRequests((request, response) => {
    requests++;
    request.pipe(response);
  });
  const desk = openDesk();
  await using gate = await openCase({ decide: desk.decide });
  const client = await openRaw(gate.ports.http);
  const place = `localhost:${server.port}`;
  client.write(
    `POST http://${place}/ HTTP/1.1\r\nHost: ${place}\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody`,
  );
  await desk.asked;
  assert.equal(requests, 0);
  desk.answer(ALLOW);
  assert.match((await readAll(client)).toString(), /\r\n4\r\nbody\r\n0\r\n\r\n$/);
});

test("tells whoever decides that the client has gone, and connects to nobody", async () => {
  let connections = 0;
  await using server = await serveSockets(() => connections++);
  const place = `localhost:${server.port}`;
  const requests = {
    http: `GET http://${place}/ HTTP/1.1\r\nHost: ${place}\r\n\r\n`,
    connect: `CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n\r\n`,
    upgrade: `GET http://${place}/ HTTP/1.1\r\nHost: ${place}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  };
  for (const [kind, request] of Object.entries(requests)) {
    const desk = openDesk();
    await using gate = await openCase({ decide: desk.decide });
    const client = await openRaw(gate.ports.http);
    client.write(request);
    const abort = await desk.asked;
    assert.equal(abort.aborted, false);
    const aborted = once(abort, "abort");
    client.destroy();
    await aborted;
    const { result } = await gate.nextEnd();
    assert.deepEqual([result.end, result.reason], ["failed", "the client has gone away"], kind);
    desk.answer(ALLOW);
  }
  assert.equal(connections, 0);
});

test("refuses what could not be decided", async () => {
  await using server = await serveRequests((_, response) => response.end("inside"));
  await using gate = await openCase({ decide: () => Promise.reject(new Error("no disk")) });
  const client = await openRaw(gate.ports.http);
  client.write(`GET http://localhost:${server.port}/ HTTP/1.0\r\n\r\n`);
  assert.match((await readAll(client)).toString(), /403[\s\S]*it could not be decided/);
});

test("cuts everything when the gateway ends: nothing is left that listens, and each send has ended", async () => {
  await using server = await serveSockets((socket) => socket.pipe(socket));
  const gate = await openCase({ allow: [`localhost:${server.port}`] });
  const client = await openRaw(gate.ports.http);
  client.write(`CONNECT localhost:${server.port} HTTP/1.0\r\n\r\n`);
  await readBytes(client, 39);
  client.write("echo");
  assert.equal((await readBytes(client, 4)).toString(), "echo");
  await gate.gateway[Symbol.asyncDispose]();
  assert.equal((await readAll(client)).toString(), "");
  assert.deepEqual(
    gate.ended.map(({ result }) => [result.end, result.bytesOut]),
    [["failed", 4]],
  );
  await assert.rejects(openRaw(gate.ports.http), /ECONNREFUSED/);
  await assert.rejects(openRaw(gate.ports.dns), /ECONNREFUSED/);
});

test("closes what comes beyond the limit of connections, and serves again when one has gone", async () => {
  await using server = await serveRequests((_, response) => response.end("inside"));
  await using gate = await openCase({
    allow: [`localhost:${server.port}`],
    limits: { connections: 2 },
  });
  const [first, second] = [await openRaw(gate.ports.http), await openRaw(gate.ports.socks)];
  first.write("GET ");
  second.write("\x05");
  // The two sockets are accepted in any order: the third must come after both.
  while (gate.gateway.stats().connections < 2)
    await new Promise((resolve) => setImmediate(resolve));
  const third = await openRaw(gate.ports.http);
  assert.equal((await readAll(third)).toString(), "");
  const ended = once(first, "close");
  first.end("\r\n\r\n");
  await Promise.all([readAll(first), ended]);
  while (gate.gateway.stats().connections > 1)
    await new Promise((resolve) => setImmediate(resolve));
  const fourth = await openRaw(gate.ports.http);
  fourth.write(`GET http://localhost:${server.port}/ HTTP/1.0\r\n\r\n`);
  assert.match((await readAll(fourth)).toString(), /inside$/);
  second.destroy();
});
