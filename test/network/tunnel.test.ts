import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { openCase } from "./gateway-case.js";
import { openRaw, readAll, readBytes, talk } from "./raw-client.js";
import { curl, runClient } from "./run-client.js";
import { serveRequests, serveSockets, serveTlsRequests } from "./servers.js";
import { makeCertificate } from "./tls-files.js";

const files = makeCertificate(["web.test", "evil.test", "127.0.0.1"]);
const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";

test("carries TLS to an allowed host through CONNECT, and to no other", async () => {
  await using server = await serveTlsRequests((_, response) => response.end("inside"), { files });
  await using gate = await openCase({
    allow: [`web.test:${server.port}`],
    hosts: { "web.test": ["127.0.0.1"], "evil.test": ["127.0.0.1"] },
  });
  const allowed = await curl("-k", "-x", gate.proxy, `https://web.test:${server.port}/`);
  assert.equal(allowed.stdout, "inside");
  const sent = await gate.nextEnd();
  assert.equal(sent.via, "connect");
  assert.equal(sent.result.end, "done");
  assert.ok(sent.result.bytesOut > 100 && sent.result.bytesIn > 100);

  const refused = await curl("-k", "-x", gate.proxy, `https://evil.test:${server.port}/`);
  assert.match(refused.stderr, /403/);
  assert.equal((await gate.nextEnd()).result.end, "refused");
});

test("ends a tunnel whose TLS names another host, or none", async () => {
  let connections = 0;
  await using server = await serveTlsRequests((_, response) => response.end("inside"), { files });
  await using gate = await openCase({
    allow: [`web.test:${server.port}`, "127.0.0.1"],
    hosts: { "web.test": ["127.0.0.1"] },
  });
  const names = { "web.test": "done", "evil.test": "refused", "": "refused" };
  for (const [name, end] of Object.entries(names)) {
    const sni = name === "" ? ["-noservername"] : ["-servername", name];
    const place = `web.test:${server.port}`;
    await runClient([
      "openssl",
      "s_client",
      "-proxy",
      `127.0.0.1:${gate.ports.http}`,
      "-connect",
      place,
      ...sni,
    ]);
    const { result } = await gate.nextEnd();
    assert.equal(result.end, end, `${name}: ${result.reason}`);
    assert.equal(result.bytesOut > 0, end === "done");
    connections++;
  }
  assert.equal(connections, 3);
});

test("takes TLS without a name for an address that was allowed", async () => {
  await using server = await serveTlsRequests((_, response) => response.end("inside"), { files });
  await using gate = await openCase({ allow: [`127.0.0.1:${server.port}`] });
  const got = await curl("-k", "-x", gate.proxy, `https://127.0.0.1:${server.port}/`);
  assert.equal(got.stdout, "inside");
});

test("reads requests inside a tunnel: each must mean the tunnel's host", async () => {
  const seen: string[] = [];
  await using server = await serveRequests((request, response) => {
    seen.push(`${request.headers.host}`);
    response.end("answer");
  });
  await using gate = await openCase({
    allow: [`web.test:${server.port}`],
    hosts: { "web.test": ["127.0.0.1"] },
  });
  const client = await openRaw(gate.ports.http);
  client.write(`CONNECT web.test:${server.port} HTTP/1.1\r\nHost: web.test:${server.port}\r\n\r\n`);
  await readBytes(client, ESTABLISHED.length);
  client.write(`GET /one HTTP/1.1\r\nHost: web.test:${server.port}\r\n\r\n`);
  client.write("GET /two HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n");
  const answers = (await readAll(client)).toString();
  assert.match(answers, /^HTTP\/1\.1 200 OK[\s\S]*answer[\s\S]*HTTP\/1\.1 403 /);
  assert.deepEqual(seen, [`web.test:${server.port}`]);
  const ends = [await gate.nextEnd(), await gate.nextEnd(), await gate.nextEnd()];
  assert.deepEqual(
    ends.map(({ method, path, result }) => [method, path, result.end]),
    [
      [undefined, undefined, "done"],
      ["GET", "/one", "done"],
      ["GET", undefined, "refused"],
    ],
  );
});

test("carries a protocol in which the server speaks first, and half-closes both ways", async () => {
  await using server = await serveSockets((socket) => {
    socket.write("220 hello\r\n");
    let heard = "";
    socket.on("data", (chunk) => {
      heard += chunk;
    });
    socket.on("end", () => socket.end(`heard ${heard}`));
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  const client = await openRaw(gate.ports.http);
  client.write(`CONNECT localhost:${server.port} HTTP/1.1\r\n\r\n`.replace("1.1", "1.0"));
  await readBytes(client, ESTABLISHED.length);
  assert.equal((await readBytes(client, 11)).toString(), "220 hello\r\n");
  client.end("XYZZY 1");
  assert.equal((await readAll(client)).toString(), "heard XYZZY 1");
  const { result } = await gate.nextEnd();
  assert.equal(result.end, "done", result.reason);
  assert.equal(result.bytesOut, 7);
});

test("takes a request of any method for one, also after blank lines and in pieces", async () => {
  let requests = 0;
  await using server = await serveRequests((_, response) => {
    requests++;
    response.end();
  });
  const place = `web.test:${server.port}`;
  await using gate = await openCase({ allow: [place], hosts: { "web.test": ["127.0.0.1"] } });
  for (const start of ["\r\n\r\nGET", "PROPFIND", "G|ET", "PROPFIND /|x", "SEARCH"]) {
    const client = await openRaw(gate.ports.http);
    client.write(`CONNECT ${place} HTTP/1.0\r\n\r\n`);
    await readBytes(client, ESTABLISHED.length);
    for (const piece of `${start} / HTTP/1.1\r\nHost: evil.test\r\n\r\n`.split("|")) {
      client.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.end();
    assert.match((await readAll(client)).toString(), /^HTTP\/1\.1 40[03] /, start);
  }
  assert.equal(requests, 0);
});

test("breaks a client whose server broke off, so that nothing cut short looks whole", async () => {
  await using server = await serveSockets((socket) => {
    socket.once("data", () => {
      socket.write("half");
      socket.once("data", () => socket.resetAndDestroy());
    });
  });
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  const client = await openRaw(gate.ports.http);
  const failed = once(client, "error").catch((error: unknown) => [error]);
  client.write(`CONNECT localhost:${server.port} HTTP/1.0\r\n\r\n!`);
  await readBytes(client, ESTABLISHED.length + 4);
  client.write("!");
  client.resume();
  const [error] = (await failed) as [NodeJS.ErrnoException];
  assert.equal(error.code, "ECONNRESET");
  assert.equal((await gate.nextEnd()).result.reason, "the server broke off");
});

test("passes on what a server says that speaks first and ends, to a client that says nothing", async () => {
  await using server = await serveSockets((socket) => socket.end("the time"));
  await using gate = await openCase({ allow: [`localhost:${server.port}`] });
  const answer = await talk(gate.ports.http, `CONNECT localhost:${server.port} HTTP/1.0\r\n\r\n`);
  assert.equal(answer, `${ESTABLISHED}the time`);
});

test("refuses CONNECT targets that two readers could read in two ways", async () => {
  await using gate = await openCase({ allow: ["web.test", "localhost"] });
  const targets = [
    "web.test\0.evil.test:443",
    "web.test",
    "web.test:0",
    "web.test:99999",
    "web.test:443@evil.test:443",
    "user@web.test:443",
    "web.test%00:443",
    "[::1%25lo]:443",
    "[::ffff:1.2.3.4.5]:443",
    "::1:443",
    "web.test.evil.test:443",
    "notweb.test:443",
    "0x7f.1:22",
    "2130706433:22",
    "[::ffff:127.0.0.1]:22",
    "127.1:22",
    "0:443",
    "web..test:443",
  ];
  for (const target of targets) {
    const answer = await talk(gate.ports.http, `CONNECT ${target} HTTP/1.0\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 40[03] /, JSON.stringify(target));
  }
  const smuggled = await talk(
    gate.ports.http,
    "CONNECT web.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n",
  );
  assert.match(smuggled, /^HTTP\/1\.1 400 /);
});
