import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostRule } from "../../src/core/send.js";
import { openCase } from "./gateway-case.js";
import { talk } from "./raw-client.js";
import { serveRequests } from "./servers.js";

test("refuses requests whose end or host two servers would see differently", async () => {
  const seen: string[] = [];
  await using server = await serveRequests((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume().on("end", () => response.end("answer"));
  });
  const place = `web.test:${server.port}`;
  await using gate = await openCase({ allow: [place], hosts: { "web.test": ["127.0.0.1"] } });
  const start = `POST http://${place}/a HTTP/1.1\r\nHost: ${place}\r\nConnection: close\r\n`;
  const hidden = `0\r\n\r\nGET http://${place}/hidden HTTP/1.1\r\nHost: ${place}\r\n\r\n`;
  const good = [
    `${start}Content-Length: 1\r\n\r\nx`,
    `${start}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
    `${start}\r\n`,
  ];
  for (const bytes of good)
    assert.match(await talk(gate.ports.http, bytes), /^HTTP\/1\.1 200 /, bytes);
  assert.equal(seen.length, good.length);

  const bad = [
    `${start}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n${hidden}`,
    `${start}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n${hidden}`,
    `${start}Content-Length: 1\r\nContent-Length: 60\r\n\r\nx${hidden}`,
    `${start}Content-Length: 1, 60\r\n\r\nx${hidden}`,
    `${start}Content-Length: +1\r\n\r\nx`,
    `${start}Transfer-Encoding: xchunked\r\n\r\n${hidden}`,
    `${start}Transfer-Encoding: gzip, chunked\r\n\r\n${hidden}`,
    `${start}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${hidden}`,
    `${start}Transfer-Encoding : chunked\r\n\r\n${hidden}`,
    `${start} Transfer-Encoding: chunked\r\n\r\n${hidden}`,
    `${start}X: a\nTransfer-Encoding: chunked\r\n\r\n${hidden}`,
    `${start}Host: evil.test\r\n\r\n`,
    `POST http://${place}/a HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n`,
    `POST http://${place}/a HTTP/1.1\r\nConnection: close\r\n\r\n`,
    `GET http://evil.test@${place}/a HTTP/1.1\r\nHost: ${place}\r\nConnection: close\r\n\r\n`,
    `GET http://${place}/a#b HTTP/1.1\r\nHost: ${place}\r\nConnection: close\r\n\r\n`,
    `GET /a HTTP/1.1\r\nHost: ${place}\r\nConnection: close\r\n\r\n`,
    `GET https://${place}/a HTTP/1.1\r\nHost: ${place}\r\nConnection: close\r\n\r\n`,
  ];
  for (const bytes of bad)
    assert.match(await talk(gate.ports.http, bytes), /^HTTP\/1\.1 40[03] /, bytes);
  assert.equal(seen.length, good.length);
});

test("takes away what is for one hop, and keeps what says how long a body is", async () => {
  let headers: readonly string[] = [];
  await using server = await serveRequests((request, response) => {
    headers = request.rawHeaders;
    response.setHeader("Keep-Alive", "timeout=99").setHeader("Proxy-Authenticate", "Basic");
    request.resume().on("end", () => response.end("answer"));
  });
  const place = `web.test:${server.port}`;
  await using gate = await openCase({ allow: [place], hosts: { "web.test": ["127.0.0.1"] } });
  const answer = await talk(
    gate.ports.http,
    `POST http://${place}/ HTTP/1.1\r\nhOst: ${place}\r\nContent-Length: 1\r\nConnection: close, x-one, content-length, host\r\n` +
      "X-One: 1\r\nX-Two: 2\r\nX-Two: 3\r\nProxy-Authorization: Basic eA==\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nUpgrade-Insecure-Requests: 1\r\n\r\nx",
  );
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.doesNotMatch(answer, /timeout=99|proxy-authenticate/i);
  const names = headers.filter((_, at) => at % 2 === 0);
  assert.deepEqual(names, [
    "Host",
    "Content-Length",
    "X-Two",
    "X-Two",
    "Upgrade-Insecure-Requests",
    "Connection",
  ]);
});

test("answers requests that come together one after the other, each decided by itself", async () => {
  const seen: string[] = [];
  await using server = await serveRequests((request, response) => {
    seen.push(`${request.url}`);
    setImmediate(() => response.end(`answer ${request.url};`));
  });
  const place = `web.test:${server.port}`;
  await using gate = await openCase({
    allow: [{ host: "web.test", ports: [server.port], paths: ["/ok"], private: true }],
    hosts: { "web.test": ["127.0.0.1"] },
  });
  const paths = ["/ok/1", "/ok/2", "/no", "/ok/3"];
  const requests = paths.map(
    (path, at) =>
      `GET http://${place}${path} HTTP/1.1\r\nHost: ${place}\r\n${at === 3 ? "Connection: close\r\n" : ""}\r\n`,
  );
  const answers = await talk(gate.ports.http, requests.join(""));
  assert.deepEqual(answers.match(/answer \S+;|403/g), [
    "answer /ok/1;",
    "answer /ok/2;",
    "403",
    "answer /ok/3;",
  ]);
  assert.deepEqual(seen, ["/ok/1", "/ok/2", "/ok/3"]);
  assert.deepEqual(
    gate.ended.map(({ result }) => result.end),
    ["done", "done", "refused", "done"],
  );
});

test("with a rule of methods or paths no header may mean another method or path than the request's own", async () => {
  await using server = await serveRequests((request, response) =>
    response.end(`${request.method} ${request.headers["x-http-method-override"]}`),
  );
  const limited = { host: "web.test", ports: [server.port], private: true } as const;
  const ask = async (rule: HostRule, path: string, header: string): Promise<string> => {
    await using gate = await openCase({ allow: [rule], hosts: { "web.test": ["127.0.0.1"] } });
    const place = `web.test:${server.port}`;
    return await talk(
      gate.ports.http,
      `POST http://${place}${path} HTTP/1.1\r\nHost: ${place}\r\nContent-Length: 0\r\n${header}Connection: close\r\n\r\n`,
    );
  };
  for (const rule of [
    { ...limited, methods: ["POST"] },
    { ...limited, paths: ["/ok"] },
  ]) {
    assert.match(await ask(rule, "/ok", ""), /POST undefined/);
    for (const name of [
      ...["X-HTTP-Method-Override", "x-original-url", "X-Rewrite-URL", "X-Original-URI"],
      ...["X-Original-Method", "X-Forwarded-Uri", "x_forwarded_method", "X-Forwarded-Prefix"],
      "X-Forwarded-Path",
    ])
      assert.match(await ask(rule, "/ok", `${name}: DELETE\r\n`), / 403 [\s\S]*another request/);
  }
  assert.match(
    await ask(limited, "/ok", "X-HTTP-Method-Override: DELETE\r\n"),
    /POST DELETE/,
    "all of it is allowed",
  );
  assert.match(await ask({ ...limited, paths: ["/ok"] }, "/ok/a%09b", ""), / 403 /);
  assert.match(await ask({ ...limited, paths: ["/ok"] }, "/ok/a%20b", ""), /POST undefined/);
});
