import assert from "node:assert/strict";
import { test } from "node:test";
import { isSandboxError } from "../../src/core/error.js";
import { toUpstreamFor } from "../../src/network/upstream-proxy.js";
import { openCase } from "./gateway-case.js";
import { curl } from "./run-client.js";
import { serveRequests, serveTlsRequests } from "./servers.js";
import { makeCertificate } from "./tls-files.js";

const PLAIN = { host: "proxy.corp", port: 3128, authorization: "Basic dXNlcjpwQHNz" };
const SECURE = { host: "secure.corp", port: 80 };

test("reads the proxy of the environment as curl does", () => {
  const proxyFor = toUpstreamFor({
    HTTP_PROXY: "http://wrong.corp",
    http_proxy: "http://user:p%40ss@proxy.corp:3128",
    HTTPS_PROXY: "secure.corp",
    NO_PROXY: "intern.test, .dotted.test,10.0.0.7 other.test:8080",
  });
  assert.ok(proxyFor);
  assert.deepEqual(proxyFor({ host: "a.test", port: 80 }, "plain"), PLAIN);
  assert.deepEqual(proxyFor({ host: "a.test", port: 443 }, "tunnel"), SECURE);
  assert.deepEqual(proxyFor({ host: "other.test", port: 443 }, "tunnel"), SECURE);
  assert.deepEqual(proxyFor({ host: "notintern.test", port: 443 }, "tunnel"), SECURE);
  for (const host of [
    "intern.test",
    "a.intern.test",
    "b.dotted.test",
    "10.0.0.7",
    "localhost",
    "127.0.0.1",
    "::1",
  ])
    assert.equal(proxyFor({ host, port: 443 }, "tunnel"), undefined, host);
  assert.equal(proxyFor({ host: "other.test", port: 8080 }, "tunnel"), undefined);
  assert.equal(toUpstreamFor({ NO_PROXY: "*" }), undefined);
  const bare = toUpstreamFor({ http_proxy: "http://us%er:50%25%zz%@proxy.corp" });
  assert.equal(
    bare?.({ host: "a.test", port: 80 }, "plain")?.authorization,
    `Basic ${Buffer.from("us%er:50%%zz%").toString("base64")}`,
  );
});

test("refuses a proxy that it cannot use, and does not show its password", () => {
  for (const value of [
    "socks5://user:secret@proxy.corp",
    "https://user:secret@proxy.corp",
    "http://user:secret@",
  ])
    assert.throws(
      () => toUpstreamFor({ HTTPS_PROXY: value }),
      (error) =>
        isSandboxError(error) &&
        error.code === "usage" &&
        !/secret/.test(error.message + error.hint),
    );
});

test("goes through the proxy before this host, with its password, and checks as without", async () => {
  const files = makeCertificate(["web.test"]);
  await using plain = await serveRequests((request, response) => {
    response.end(`plain ${request.url} ${request.headers["proxy-authorization"]}`);
  });
  await using tls = await serveTlsRequests((_, response) => response.end("secure"), { files });
  // The company's proxy is another gateway of ours, at which only the name is known.
  await using company = await openCase({
    allow: [`web.test:${tls.port}`],
    hosts: { "web.test": ["127.0.0.1"] },
  });
  const upstream = { host: "localhost", port: company.ports.http };
  await using gate = await openCase({
    allow: [`web.test:${tls.port}`, "web.test:80", "meta.test:443"],
    hosts: { "meta.test": ["169.254.169.254"] },
    upstreamFor: (_place, kind) =>
      kind === "tunnel"
        ? upstream
        : { host: "localhost", port: plain.port, authorization: "Basic eA==" },
  });
  const secure = await curl("-k", "-x", gate.proxy, `https://web.test:${tls.port}/`);
  assert.equal(secure.stdout, "secure");
  assert.equal((await company.nextEnd()).host, "web.test");
  const asked = await curl("-x", gate.proxy, "http://web.test/path?q");
  assert.equal(asked.stdout, "plain http://web.test:80/path?q Basic eA==");
  const refused = await curl("-k", "-x", gate.proxy, "https://meta.test/");
  assert.match(refused.stderr, /403/);
});
