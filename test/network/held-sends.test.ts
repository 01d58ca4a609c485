import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { ByteGate, Send, SendVerdict } from "../../src/core/send.js";
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

const PIECE = "a".repeat(60_000);

/** Lets one piece go; what comes after it waits for the answer. */
function openPieceGate(): {
  readonly gate: ByteGate;
  readonly asked: Promise<void>;
  readonly answer: (reason: string | undefined) => void;
} {
  let left = PIECE.length;
  let ask: () => void = () => undefined;
  let answer: (reason: string | undefined) => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const answered = new Promise<string | undefined>((resolve) => {
    answer = resolve;
  });
  const gate: ByteGate = (bytes) => {
    left -= bytes;
    if (left >= 0) return undefined;
    ask();
    return answered;
  };
  return { gate, asked, answer };
}

for (const reason of [undefined, "it is enough"])
  test(`a send whose bytes have a gate is ${reason === undefined ? "passed on whole in the end" : "cut when that says so"}, and nothing goes before its answer`, async () => {
    let received = 0;
    const count = (chunk: Buffer): void => {
      received += chunk.length;
    };
    await using http = await serveRequests((request, response) => {
      request.on("data", count).once("end", () => response.end(`all ${received}`));
      request.on("error", () => undefined);
    });
    await using raw = await serveSockets((socket) => {
      socket.on("data", count).once("end", () => socket.end(`all ${received}`));
    });
    const toHead = (port: number, connection: string): string =>
      `POST http://localhost:${port}/ HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: ${2 * PIECE.length}\r\nConnection: ${connection}\r\n\r\n`;
    for (const [kind, head] of [
      ["body", toHead(http.port, "close")],
      ["tunnel", `CONNECT localhost:${raw.port} HTTP/1.0\r\n\r\n`],
    ] as const) {
      received = 0;
      const desk = openPieceGate();
      await using gate = await openCase({ decide: async () => ({ ...ALLOW, gate: desk.gate }) });
      const client = await openRaw(gate.ports.http);
      client.write(head);
      if (kind === "tunnel") await readBytes(client, 39);
      client.write(PIECE);
      while (received < PIECE.length) await new Promise((resolve) => setImmediate(resolve));
      if (kind === "tunnel") client.end(PIECE);
      else client.write(PIECE);
      await desk.asked;
      assert.equal(received, PIECE.length, kind);
      desk.answer(reason);
      const answer = (await readAll(client)).toString();
      const { result } = await gate.nextEnd();
      if (reason === undefined) {
        assert.match(answer, new RegExp(`all ${2 * PIECE.length}$`), kind);
        assert.equal(result.end, "done", kind);
      } else {
        assert.equal(received, PIECE.length, kind);
        assert.equal(result.reason, reason, kind);
        assert.doesNotMatch(answer, /all/, kind);
      }
    }
  });
