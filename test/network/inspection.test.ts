import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openTempDir } from "../support/temp-tree.js";
import { openCase } from "./gateway-case.js";
import { talk } from "./raw-client.js";
import { curl, runClient } from "./run-client.js";
import { serveTlsRequests } from "./servers.js";
import { makeCertificate } from "./tls-files.js";

const files = makeCertificate(["api.test", "127.0.0.1"]);

test("opens the TLS of a host that is inspected: each request is decided by method and path", async () => {
  using dir = openTempDir();
  const seen: string[] = [];
  await using server = await serveTlsRequests(
    (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.host}`);
      request.pipe(response);
    },
    { files },
  );
  const { port } = server;
  await using gate = await openCase({
    allow: [{ host: "api.test", ports: [port], methods: ["POST"], paths: ["/v1"], private: true }],
    inspect: ["api.test"],
    hosts: { "api.test": ["127.0.0.1"] },
    readRoots: () => files.cert,
  });
  const ca = path.join(dir.path, "ca.pem");
  writeFileSync(ca, gate.gateway.caPem());
  const ask = (...args: readonly string[]) => curl("--cacert", ca, "-x", gate.proxy, ...args);
  const url = `https://api.test:${port}`;
  assert.equal((await ask("-d", "body", `${url}/v1/x?y=z`)).stdout, "body");
  assert.match(
    (await ask(`${url}/v1/x`)).stdout,
    /^sandbox: GET \/v1\/x at api\.test:\d+ is not what is allowed/,
  );
  assert.match((await ask("-d", "body", `${url}/v2`)).stdout, /is not what is allowed/);
  assert.match(
    (await ask("-d", "x", "-H", "Host: evil.test", `${url}/v1`)).stdout,
    /^sandbox: it says "evil\.test"/,
  );
  assert.deepEqual(seen, [`POST /v1/x?y=z api.test:${port}`]);
  const inspected = gate.ended.filter(({ via }) => via === "inspected");
  assert.deepEqual(
    inspected.map(({ method, path: asked, result }) => [method, asked, result.end]),
    [
      ["POST", "/v1/x", "done"],
      ["GET", "/v1/x", "refused"],
      ["POST", "/v2", "refused"],
      ["POST", undefined, "refused"],
    ],
  );
  assert.ok((inspected[0]?.result.bytesOut ?? 0) > 50);
});

test("refuses a server that cannot prove its name, TLS for another name, and what is neither TLS nor HTTP", async () => {
  let requests = 0;
  const other = makeCertificate(["other.test"]);
  await using server = await serveTlsRequests(
    (_, response) => {
      requests++;
      response.end("inside");
    },
    { files: other },
  );
  const place = `api.test:${server.port}`;
  await using gate = await openCase({
    allow: [place],
    inspect: ["api.test"],
    hosts: { "api.test": ["127.0.0.1"] },
    readRoots: () => other.cert,
  });
  await using trusting = await openCase({
    allow: [place],
    inspect: ["api.test"],
    hosts: { "api.test": ["127.0.0.1"] },
  });
  const untrusted = await curl("-k", "-x", trusting.proxy, `https://${place}/`);
  assert.match(untrusted.stdout, /^sandbox: no TLS with api\.test: /);
  const got = await curl("-k", "-x", gate.proxy, `https://${place}/`);
  assert.match(got.stdout, /^sandbox: no TLS with api\.test: ERR_TLS_CERT_ALTNAME_INVALID/);
  await runClient([
    "openssl",
    "s_client",
    "-proxy",
    `127.0.0.1:${gate.ports.http}`,
    "-connect",
    place,
    "-servername",
    "evil.test",
  ]);
  const distrusted = await curl("-x", gate.proxy, `https://${place}/`);
  assert.equal(distrusted.code, 60);
  const ssh = await talk(gate.ports.http, `CONNECT ${place} HTTP/1.0\r\n\r\nSSH-2.0-x\r\n`);
  assert.match(ssh, /established\r\n\r\n$/);
  assert.equal(requests, 0);
  const reasons = gate.ended
    .filter(({ via }) => via === "connect")
    .map(({ result }) => result.reason);
  assert.match(`${reasons[1]}`, /the TLS inside is for "evil\.test"/);
  assert.match(`${reasons[2]}`, /does not take this session's certificate/);
  assert.match(`${reasons[3]}`, /only TLS and HTTP can be inspected/);
});

test("makes certificates that openssl, Node and Python verify, for names and for addresses", async () => {
  using dir = openTempDir();
  await using server = await serveTlsRequests((_, response) => response.end("inside"), { files });
  const { port } = server;
  await using gate = await openCase({
    allow: [`api.test:${port}`, `127.0.0.1:${port}`],
    inspect: ["api.test", "127.0.0.1"],
    hosts: { "api.test": ["127.0.0.1"] },
    readRoots: () => files.cert,
  });
  const ca = path.join(dir.path, "ca.pem");
  writeFileSync(ca, gate.gateway.caPem());
  const shown = await runClient(["openssl", "verify", "-x509_strict", "-CAfile", ca, ca]);
  assert.equal(shown.code, 0, shown.stderr);
  const client = [
    "openssl",
    "s_client",
    "-proxy",
    `127.0.0.1:${gate.ports.http}`,
    "-CAfile",
    ca,
    "-x509_strict",
    "-verify_return_error",
  ];
  const verified = await runClient([
    ...client,
    "-connect",
    `api.test:${port}`,
    "-servername",
    "api.test",
    "-verify_hostname",
    "api.test",
  ]);
  assert.match(verified.stdout, /Verify return code: 0 \(ok\)/);
  const [pem = ""] = /-----BEGIN[\s\S]*?END CERTIFICATE-----/.exec(verified.stdout) ?? [];
  // Go and Java take no name from anywhere else.
  assert.equal(new X509Certificate(pem).subjectAltName, "DNS:api.test");
  assert.equal(
    (await curl("--cacert", ca, "-x", gate.proxy, `https://127.0.0.1:${port}/`)).stdout,
    "inside",
  );
  const python = await runClient([
    "python3",
    "-c",
    `import ssl,urllib.request as u
o=u.build_opener(u.ProxyHandler({"https":"${gate.proxy}"}),u.HTTPSHandler(context=ssl.create_default_context(cafile="${ca}")))
print(o.open("https://api.test:${port}/").read().decode())`,
  ]);
  assert.equal(python.stdout, "inside\n", python.stderr);
});
