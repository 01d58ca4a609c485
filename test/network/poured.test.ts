import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import type { Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { readUntil } from "../../src/network/read-until.js";
import { openCase } from "./gateway-case.js";
import { openRaw, readAll } from "./raw-client.js";
import { serveRequests, serveSockets } from "./servers.js";

/** More than what is worth a connection of its own, and no multiple of any buffer. */
const BODY = toCounted(9 * 1024 * 1024 + 4321);

/** No two pieces of it are alike. */
function toCounted(size: number): Buffer {
  const words = Uint32Array.from({ length: Math.ceil(size / 4) }, (_, at) => at);
  return Buffer.from(words.buffer, 0, size);
}

function openLatch(): { readonly open: () => void; readonly opened: Promise<void> } {
  const latch = { open: (): void => undefined, opened: Promise.resolve() };
  latch.opened = new Promise((resolve) => {
    latch.open = resolve;
  });
  return latch;
}

function toGet(port: number, path: string, more = ""): string {
  return `GET http://localhost:${port}${path} HTTP/1.1\r\nHost: localhost:${port}\r\n${more}\r\n`;
}

/** A server that answers each request's head by `answer`, whatever comes else. */
function serveHeads(answer: (socket: Socket, path: string) => void | Promise<void>) {
  return serveSockets((socket) => {
    let head = "";
    socket.once("end", () => socket.end());
    socket.on("data", (chunk: Buffer) => {
      head += chunk.toString("latin1");
      for (let end = head.indexOf("\r\n\r\n"); end >= 0; end = head.indexOf("\r\n\r\n")) {
        const path = head.split(" ", 2)[1] ?? "";
        head = head.slice(end + 4);
        void answer(socket, path);
      }
    });
  });
}

/** Bodies of so many answers that tell their length. */
async function readAnswers(client: Socket, count: number): Promise<readonly Buffer[]> {
  const bodies: Buffer[] = [];
  while (bodies.length < count) {
    const head = await readUntil(client, endOfHead, 1 << 17);
    assert.match(head.toString(), /^HTTP\/1\.1 200 /);
    const length = Number(/^content-length: (\d+)\r$/im.exec(head.toString())?.[1]);
    bodies.push(await readLong(client, length));
  }
  return bodies;
}

function endOfHead(bytes: Buffer): number | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  return end < 0 ? undefined : end + 4;
}

/** The next so many bytes; what comes after them stays. */
async function readLong(client: Socket, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let left = length; left > 0; ) {
    const chunk: unknown = client.read();
    if (!Buffer.isBuffer(chunk)) {
      await once(client, "readable");
      continue;
    }
    if (chunk.length > left) client.unshift(chunk.subarray(left));
    chunks.push(chunk.subarray(0, left));
    left -= Math.min(left, chunk.length);
  }
  return Buffer.concat(chunks);
}

const HEAD = `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n`;
const SMALL = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsmall";

test("a long body arrives byte for byte, and the requests after it on the same connection are answered", async () => {
  await using server = await serveHeads((socket, path) => {
    socket.write(path === "/long" ? Buffer.concat([Buffer.from(HEAD), BODY]) : SMALL);
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  const client = await openRaw(gate.ports.http);
  client.write(
    ["/small", "/long", "/small", "/long", "/small"]
      .map((path) => toGet(server.port, path))
      .join(""),
  );
  const bodies = await readAnswers(client, 5);
  assert.deepEqual(
    bodies.map((body) => (body.equals(BODY) ? "long" : body.toString("latin1", 0, 99))),
    ["small", "long", "small", "long", "small"],
  );
  client.destroy();
  const [small, long] = [(await gate.nextEnd()).result, (await gate.nextEnd()).result];
  assert.deepEqual([long.end, long.status, long.bytesOut], ["done", 200, small.bytesOut - 1]);
  assert.deepEqual([small.bytesIn, long.bytesIn], [SMALL.length, HEAD.length + BODY.length]);
});

test("what a server sends beyond the length of a long body is never taken for an answer", async () => {
  const smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
  const left = openLatch();
  await using server = await serveHeads((socket, path) => {
    if (path === "/long") socket.once("close", left.open);
    const long = Buffer.concat([Buffer.from(HEAD), BODY, Buffer.from(smuggled)]);
    socket.write(path === "/long" ? long : SMALL);
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  const client = await openRaw(gate.ports.http);
  client.write(toGet(server.port, "/long") + toGet(server.port, "/small"));
  const [long, small] = await readAnswers(client, 2);
  assert.ok(long?.equals(BODY));
  assert.equal(small?.toString(), "small");
  // Nobody is left on a connection that nobody can read.
  await left.opened;
  client.destroy();
});

test("a slow client and a slow server get a long body through as it is", async () => {
  await using server = await serveHeads(async (socket, path) => {
    if (path === "/quick") {
      socket.end(Buffer.concat([Buffer.from(HEAD), BODY]));
      return;
    }
    // Pieces of every size, the first of them in the head's own packet.
    let size = 1;
    socket.write(Buffer.concat([Buffer.from(HEAD), BODY.subarray(0, size)]));
    for (let at = size; at < BODY.length; at += size) {
      size = (size * 7 + 1) % 150_000;
      if (!socket.write(BODY.subarray(at, at + size))) await once(socket, "drain");
      await nextTurn();
    }
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  for (const path of ["/quick", "/slow"]) {
    const client = await openRaw(gate.ports.http);
    client.write(toGet(server.port, path, "Connection: close\r\n"));
    const chunks: Buffer[] = [];
    for await (const chunk of client) {
      chunks.push(chunk as Buffer);
      // Every buffer between here and the server fills meanwhile.
      for (let turn = 0; path === "/quick" && turn < 20; turn++) await nextTurn();
    }
    const came = Buffer.concat(chunks);
    assert.ok(came.subarray(endOfHead(came)).equals(BODY), path);
    assert.equal((await gate.nextEnd()).result.bytesIn, HEAD.length + BODY.length);
  }
});

test("a long body that is cut short is seen to be", async () => {
  const half = BODY.subarray(0, 4_500_000);
  await using server = await serveHeads((socket, path) => {
    socket.write(HEAD);
    socket.write(half, () => (path === "/end" ? socket.end() : socket.resetAndDestroy()));
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  for (const path of ["/end", "/reset"]) {
    const client = await openRaw(gate.ports.http);
    client.write(toGet(server.port, path));
    const came = await readAll(client);
    const body = came.subarray(came.indexOf("\r\n\r\n") + 4);
    assert.ok(body.equals(half.subarray(0, body.length)), path);
    const { result } = await gate.nextEnd();
    assert.deepEqual([result.end, result.reason], ["failed", "ECONNRESET"], path);
  }
});

test("a client that goes in the middle of a long body ends its connection to the server", async () => {
  const left = openLatch();
  await using server = await serveHeads((socket) => {
    socket.once("close", left.open);
    socket.write(Buffer.concat([Buffer.from(HEAD), BODY.subarray(0, 1_000_000)]));
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  const client = await openRaw(gate.ports.http);
  client.write(toGet(server.port, "/long"));
  await once(client, "data");
  client.destroy();
  await left.opened;
  const { result } = await gate.nextEnd();
  assert.deepEqual([result.end, result.reason], ["failed", "the client has gone away"]);
});

test("an answer without a body is over at its head, whatever length it tells", async () => {
  await using server = await serveHeads((socket, path) => {
    socket.write(path === "/304" ? HEAD.replace("200 OK", "304 Not Modified") : HEAD);
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  for (const request of [
    toGet(server.port, "/304"),
    toGet(server.port, "/head").replace("GET", "HEAD"),
  ]) {
    const client = await openRaw(gate.ports.http);
    client.write(request + request);
    let came = "";
    while (came.split("\r\n\r\n").length < 3)
      for (const chunk of await once(client, "data")) came += String(chunk);
    assert.match(
      came,
      /^HTTP\/1\.1 [23]0[\s\S]*Content-Length: 9441505[\s\S]*HTTP\/1\.1 [\s\S]*\r\n\r\n$/,
    );
    client.destroy();
  }
});

test("a long answer that comes before the end of the request does not cut the request", async () => {
  let received = 0;
  await using server = await serveRequests((request, response) => {
    response.writeHead(200, { "Content-Length": BODY.length });
    response.write(BODY);
    request.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received === 6) response.end();
    });
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  const client = await openRaw(gate.ports.http);
  const head = toGet(server.port, "/", "Content-Length: 6\r\n").replace("GET", "POST");
  client.write(`${head}abc`);
  await once(client, "readable");
  client.write("def");
  const [body] = await readAnswers(client, 1);
  assert.ok(body?.equals(BODY));
  client.destroy();
});

test("a long body in chunks arrives byte for byte", async () => {
  await using server = await serveRequests(async (_, response) => {
    let size = 1;
    for (let at = 0; at < BODY.length; at += size) {
      size = (size * 7 + 1) % 600_000;
      if (!response.write(BODY.subarray(at, at + size))) await once(response, "drain");
    }
    response.end();
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  const path = `http://localhost:${server.port}/`;
  const asked = request({ host: "127.0.0.1", port: gate.ports.http, path, agent: false });
  asked.setHeader("Host", `localhost:${server.port}`).end();
  const [answer] = await once(asked, "response");
  assert.ok((await buffer(answer)).equals(BODY));
});
