import assert from "node:assert/strict";
import { test } from "node:test";
import { openCase } from "./gateway-case.js";
import { openRaw, readAll, readBytes, talk } from "./raw-client.js";
import { curl } from "./run-client.js";
import { serveSockets, serveTlsRequests } from "./servers.js";
import { makeCertificate } from "./tls-files.js";

const GREETING = [5, 1, 0];

function toNamed(host: string, port: number): Buffer {
  const name = Buffer.from(host, "latin1");
  return Buffer.concat([
    Buffer.from([...GREETING, 5, 1, 0, 3, name.length]),
    name,
    Buffer.from([port >> 8, port & 255]),
  ]);
}

test("carries TLS by name and by address through SOCKS 5, and refuses what is not allowed", async () => {
  const files = makeCertificate(["web.test"]);
  await using server = await serveTlsRequests((_, response) => response.end("inside"), { files });
  await using gate = await openCase({
    allow: [`web.test:${server.port}`, `127.0.0.1:${server.port}`],
    hosts: { "web.test": ["127.0.0.1"] },
  });
  const socks = `127.0.0.1:${gate.ports.socks}`;
  const byName = await curl("-k", "--socks5-hostname", socks, `https://web.test:${server.port}/`);
  assert.equal(byName.stdout, "inside");
  const byAddress = await curl("-k", "--socks5", socks, `https://127.0.0.1:${server.port}/`);
  assert.equal(byAddress.stdout, "inside");
  assert.equal((await gate.nextEnd()).via, "socks");

  const refused = await curl("-k", "--socks5-hostname", socks, `https://evil.test:${server.port}/`);
  assert.equal(refused.code, 97);
});

test("refuses SOCKS hosts with NUL, CR or LF, and everything but CONNECT", async () => {
  await using server = await serveSockets((socket) => socket.end("reached"));
  const { port } = server;
  await using gate = await openCase({
    allow: [`web.test:${port}`, "*.good.test"],
    hosts: { "web.test": ["127.0.0.1"] },
  });
  const control = await openRaw(gate.ports.socks);
  control.write(toNamed("WEB.test.", port));
  assert.deepEqual([...(await readBytes(control, 4))], [5, 0, 5, 0]);
  control.end("x");
  assert.match((await readAll(control)).toString(), /reached$/);

  for (const host of [
    "web.test\0",
    "web.test\0.evil.test",
    "web.test\r\n",
    "evil.test#.good.test",
    "evil.test/.good.test",
    "",
  ]) {
    const answer = await talk(gate.ports.socks, toNamed(host, port));
    assert.equal(answer.slice(2, 4), "\x05\x08", JSON.stringify(host));
  }
  for (const command of [2, 3]) {
    const bytes = Buffer.from([...GREETING, 5, command, 0, 1, 127, 0, 0, 1, 0, 80]);
    assert.equal((await talk(gate.ports.socks, bytes)).slice(2, 4), "\x05\x07");
  }
  assert.equal(await talk(gate.ports.socks, Buffer.from([5, 1, 2])), "\x05\xff");
  assert.equal(await talk(gate.ports.socks, Buffer.from([4, 1, 0, 80, 127, 0, 0, 1, 0])), "");
});
