import assert from "node:assert/strict";
import { test } from "node:test";
import { openCase } from "./gateway-case.js";
import { askUdp } from "./dns-client.js";
import { findFreePorts } from "./inside-sockets.js";
import { openRaw, readAll } from "./raw-client.js";
import { curl } from "./run-client.js";
import { serveRequests, serveSockets, serveTlsRequests } from "./servers.js";
import { makeCertificate } from "./tls-files.js";

test("takes programs that know no proxy to the name that they looked up", async () => {
  const [port = 0] = findFreePorts(1);
  await using server = await serveSockets((socket) => socket.pipe(socket), { host: "::1", port });
  assert.equal(server.port, port);
  await using gate = await openCase({
    allow: [`db.test:${port}`],
    hosts: { "db.test": ["::1"] },
    directPorts: [port],
  });
  const [address = ""] = (await askUdp(gate.ports.dns, "db.test", "A")).addresses;
  assert.match(address, /^127\.64\./);
  const client = await openRaw(port, address);
  client.end("echo");
  assert.equal((await readAll(client)).toString(), "echo");
  const sent = await gate.nextEnd();
  assert.deepEqual([sent.via, sent.host, sent.result.address], ["direct", "db.test", "::1"]);

  for (const unknown of ["127.64.0.77", "127.0.0.2"]) {
    const answer = await openRaw(port, unknown).then(readAll, () => Buffer.alloc(0));
    assert.equal(answer.toString(), "");
  }
  assert.equal(gate.malformed.length, 2);
});

test("checks the name in TLS and in Host against the one that was looked up", async () => {
  const files = makeCertificate(["web.test"]);
  const [tls = 0, plain = 0] = findFreePorts(2);
  await using _secure = await serveTlsRequests((_, response) => response.end("secure"), {
    files,
    host: "::1",
    port: tls,
  });
  await using _open = await serveRequests((_, response) => response.end("plain"), {
    host: "::1",
    port: plain,
  });
  const [http = 0, socks = 0, dns = 0] = findFreePorts(3);
  await using _gate = await openCase({
    allow: [`web.test:${tls}`, `web.test:${plain}`],
    hosts: { "web.test": ["::1"] },
    directPorts: [tls, plain],
    ports: { http, socks, dns, plain, tls },
  });
  const [address = ""] = (await askUdp(dns, "web.test", "A")).addresses;
  const at = (host: string, port: number): readonly string[] => [
    "--resolve",
    `${host}:${port}:${address}`,
  ];
  const ask = async (url: string, host: string, port: number): Promise<string> =>
    (await curl("-k", ...at(host, port), `${url}://${host}:${port}/`)).stdout;
  assert.equal(await ask("https", "web.test", tls), "secure");
  assert.equal(await ask("http", "web.test", plain), "plain");
  assert.equal(await ask("https", "evil.test", tls), "");
  assert.match(await ask("http", "evil.test", plain), /^sandbox: it says "evil.test:/);
  assert.equal(await ask("https", "web.test", plain), "");
});
