import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteGate } from "../../src/core/send.js";
import { openCase } from "./gateway-case.js";
import { openRaw, readAll, readBytes, talk } from "./raw-client.js";
import { awaitLetGo, serveHostile } from "./hostile-server.js";
import { serveSockets } from "./servers.js";

const toGet = (port: number, more = "", path = "/"): string =>
  `GET http://localhost:${port}${path} HTTP/1.1\r\nHost: localhost:${port}\r\n${more}\r\n`;
const SWITCH = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n";

test("closes the connection of a server that switches protocols though nobody asked", async () => {
  for (const upgrade of ["Upgrade: x\r\nConnection: Upgrade\r\n", ""]) {
    await using server = await serveHostile(`HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\n`);
    await using gate = await openCase({ allow: [`localhost:${server.port}`] });
    const client = await openRaw(gate.ports.http);
    client.write(toGet(server.port, "Connection: close\r\n"));
    const upstream = await server.next();
    await awaitLetGo(upstream);
    assert.match((await readAll(client)).toString(), /^HTTP\/1\.1 502 [\s\S]*nobody asked for/);
    const { result } = await gate.nextEnd();
    assert.equal(result.end, "failed");
    assert.equal(result.bytesOut, server.heard());
  }
});

test("a client that leaves a silent server's WebSocket takes its connection with it, and so does the end", async () => {
  await using server = await serveHostile("");
  const gate = await openCase({ allow: [`localhost:${server.port}`] });
  for (const leaves of [true, false]) {
    const before = server.heard();
    const client = await openRaw(gate.ports.http);
    client.write(toGet(server.port, SWITCH));
    const upstream = await server.next();
    if (leaves) client.destroy();
    else await gate.gateway[Symbol.asyncDispose]();
    await awaitLetGo(upstream);
    const { result } = await gate.nextEnd();
    assert.deepEqual(
      [result.end, result.reason, result.bytesOut],
      ["failed", "the client has gone away", server.heard() - before],
    );
    client.destroy();
  }
});

test("a server that never answers a wish to switch has a limit", async () => {
  await using server = await serveHostile("");
  await using gate = await openCase({
    allow: [`localhost:${server.port}`],
    limits: { idleMs: 1500 },
  });
  const client = await openRaw(gate.ports.http);
  client.write(`${toGet(server.port, SWITCH)}early`);
  assert.match((await readAll(client)).toString(), /^HTTP\/1\.1 502 [\s\S]*no answer in time/);
  await awaitLetGo(await server.next());
});

const PADDING = `X-Pad: ${"p".repeat(10_000)}\r\n`;

for (const answer of [
  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
])
  test(`counts the head of a wish to switch that is answered ${answer.slice(9, 12)}`, async () => {
    await using server = await serveHostile(answer);
    const asked: number[] = [];
    const gate: ByteGate = (bytes) => void asked.push(bytes);
    await using gateway = await openCase({
      decide: async () => ({ decision: "allow", mayBePrivate: true, inspect: false, gate }),
    });
    const client = await openRaw(gateway.ports.http);
    client.write(toGet(server.port, `${PADDING}${SWITCH}`));
    const upstream = await server.next();
    await readBytes(client, 40);
    upstream.end();
    client.end();
    await readAll(client);
    const { result } = await gateway.nextEnd();
    assert.ok((asked[0] ?? 0) > PADDING.length, String(asked));
    assert.ok(server.heard() > PADDING.length);
    assert.deepEqual([result.bytesOut, result.bytesIn], [server.heard(), answer.length]);
  });

test("sends no wish to switch whose head a budget of bytes holds back", async () => {
  await using server = await serveHostile("");
  const gate: ByteGate = () => Promise.resolve("it is enough");
  await using gateway = await openCase({
    decide: async () => ({ decision: "allow", mayBePrivate: true, inspect: false, gate }),
  });
  const said = await talk(gateway.ports.http, toGet(server.port, `${PADDING}${SWITCH}`));
  assert.match(said, /^HTTP\/1\.1 403 [\s\S]*it is enough/);
  const { result } = await gateway.nextEnd();
  assert.deepEqual([result.end, result.bytesOut, server.heard()], ["refused", 0, 0]);
});

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const HINTS = "HTTP/1.1 103 Early Hints\r\n\r\n";
const FINAL = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

for (const [kind, interim, more] of [
  ["100", CONTINUE, "Expect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n"],
  ["103", HINTS, "Connection: close\r\n"],
  ["103 for WebSocket", HINTS, SWITCH],
] as const)
  test(`fails a request whose server says ${kind} without end, and no other; one 100 is passed on`, async () => {
    const ask = async (said: string): Promise<string> => {
      await using server = await serveHostile(said);
      await using gate = await openCase({ allow: [`localhost:${server.port}`] });
      const client = await openRaw(gate.ports.http);
      client.write(toGet(server.port, more));
      const upstream = await server.next();
      if (kind === "100") client.write("x");
      const got = (await readAll(client)).toString();
      await awaitLetGo(upstream);
      assert.equal(got.split("100 Continue").length - 1, kind === "100" ? 1 : 0);
      return got;
    };
    assert.match(await ask(`${interim.repeat(5)}${FINAL}`), /200 OK[\s\S]*ok$/);
    assert.match(await ask(`${interim.repeat(1000)}${FINAL}`), /502 [\s\S]*still to come/);
  });

test("what a kept connection took in vain has been sent too", async () => {
  let connections = 0;
  await using server = await serveSockets((socket) => {
    connections++;
    socket.on("data", (chunk) => {
      if (connections === 1 && chunk.includes("GET /second")) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  const client = await openRaw(gate.ports.http);
  const sizes: number[] = [];
  for (const path of ["/first.", "/second", "/third."]) {
    client.write(toGet(server.port, "", path));
    const { result } = await gate.nextEnd();
    assert.equal(result.end, "done", result.reason);
    sizes.push(result.bytesOut);
  }
  client.destroy();
  const [first = 0] = sizes;
  assert.ok(first > 0);
  assert.deepEqual(sizes, [first, 2 * first, first]);
  assert.equal(connections, 2);
});

test("a connection that asks for HTTP/2 again and again is one connection still", async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warn);
  await using server = await serveHostile("");
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  const more = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n";
  const refused = toGet(server.port, more).replaceAll("localhost", "evil.test");
  const answers = await talk(
    gate.ports.http,
    `${refused.repeat(20)}${refused.replace(/Connection[\s\S]*$/, "Connection: close\r\n\r\n")}`,
  );
  process.off("warning", warn);
  assert.equal(answers.split("HTTP/1.1 403").length - 1, 21);
  assert.deepEqual(warnings, []);
});
