import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { test } from "node:test";
import { openCase } from "./gateway-case.js";
import { openRaw, readAll, readBytes, talk } from "./raw-client.js";
import { curl } from "./run-client.js";
import { serveRequests, startServer } from "./servers.js";

test("passes WebSocket both ways, and what the server says when it does not switch", async () => {
  const server = createServer((_, response) => response.writeHead(426).end("no"));
  let upstream: Socket | undefined;
  server.on("upgrade", (request, socket: Socket) => {
    upstream ??= socket;
    if (request.url === "/no")
      return socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${request.headers["sec-websocket-key"]}\r\n\r\nhello`,
    );
    socket.pipe(socket);
    return undefined;
  });
  await using served = await startServer(server);
  const place = `ws.test:${served.port}`;
  await using gate = await openCase({ allow: [place], hosts: { "ws.test": ["127.0.0.1"] } });
  const ask = (path: string): string =>
    `GET http://${place}${path} HTTP/1.1\r\nHost: ${place}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n`;
  const client = await openRaw(gate.ports.http);
  client.write(`${ask("/")}early`);
  const head =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: k\r\n\r\n";
  assert.equal((await readBytes(client, head.length + 10)).toString(), `${head}helloearly`);
  client.end("late");
  assert.equal((await readAll(client)).toString(), "late");
  const { result } = await gate.nextEnd();
  assert.deepEqual(
    [result.end, result.status, result.bytesOut, result.bytesIn],
    ["done", 101, upstream?.bytesRead, upstream?.bytesWritten],
  );

  assert.match(await talk(gate.ports.http, ask("/no")), /^HTTP\/1\.1 403 Forbidden[\s\S]*no$/);
  const refused = ask("/").replaceAll("ws.test", "evil.test");
  assert.match(
    await talk(gate.ports.http, refused),
    /^HTTP\/1\.1 403 [\s\S]*evil\.test:\d+ is not allowed/,
  );
});

test("answers a wish for another protocol as though there had been none, body and all", async () => {
  await using server = await serveRequests((request, response) => {
    response.write(`${request.method} ${request.headers.upgrade};`);
    request.pipe(response);
  });
  const place = `web.test:${server.port}`;
  await using gate = await openCase({ allow: [place], hosts: { "web.test": ["127.0.0.1"] } });
  const got = await curl("--http2", "-x", gate.proxy, "-d", "body", `http://${place}/`);
  assert.equal(got.stdout, "POST undefined;body");
});

test("lets a client wait for 100, and refuses before it has sent anything", async () => {
  const bodies: number[] = [];
  await using server = await serveRequests((request, response) => {
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
    });
    request.on("end", () => {
      bodies.push(length);
      response.end("taken");
    });
  });
  const place = `web.test:${server.port}`;
  await using gate = await openCase({ allow: [place], hosts: { "web.test": ["127.0.0.1"] } });
  const body = "x".repeat(300_000);
  const send = (url: string) =>
    curl(
      "-x",
      gate.proxy,
      "-H",
      "Expect: 100-continue",
      "--data-binary",
      body.slice(0, 100_000),
      url,
    );
  assert.equal((await send(`http://${place}/`)).stdout, "taken");
  assert.deepEqual(bodies, [100_000]);
  assert.match((await send("http://evil.test/")).stdout, /is not allowed/);
});

test("cuts the client off where the server's answer is cut short", async () => {
  await using server = await serveRequests((_, response) => {
    response.writeHead(200, { "Content-Length": "1000" });
    response.write("half");
    setImmediate(() => response.destroy());
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  const got = await curl("-x", gate.proxy, `http://localhost:${server.port}/`);
  assert.equal(got.stdout, "half");
  assert.notEqual(got.code, 0);
  assert.equal((await gate.nextEnd()).result.end, "failed");
});

test("keeps a connection to a server for the client's next request, and makes another where it has closed", async () => {
  let connections = 0;
  const served = new WeakSet<object>();
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const { url, socket } = request;
    if (url === "/kept" && served.has(socket)) return void socket.destroy();
    served.add(socket);
    response.end("answer", () => url === "/last" && setImmediate(() => socket.destroy()));
  });
  server.on("connection", () => connections++);
  await using started = await startServer(server);
  await using gate = await openCase({ allow: [`localhost:${started.port}`] });
  const url = `http://localhost:${started.port}`;
  const paths = ["1", "2", "last", "3", "kept", "4"].map((path) => `${url}/${path}`);
  const got = await curl("-x", gate.proxy, ...paths);
  assert.equal(got.stdout, "answer".repeat(6));
  assert.equal(connections, 3);
});
