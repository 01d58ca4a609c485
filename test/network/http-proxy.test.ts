import assert from "node:assert/strict";
import { test } from "node:test";
import { openCase } from "./gateway-case.js";
import { curl } from "./run-client.js";
import { serveRequests } from "./servers.js";

test("passes an allowed request in plain HTTP on, and refuses another host", async () => {
  await using server = await serveRequests((request, response) => {
    response.end(`${request.method} ${request.url} for ${request.headers.host}`);
  });
  await using gate = await openCase({
    allow: [`web.test:${server.port}`],
    hosts: { "web.test": ["127.0.0.1"], "other.test": ["127.0.0.1"] },
  });
  const url = `http://web.test:${server.port}/a/b?c=d`;
  const allowed = await curl("-x", gate.proxy, url);
  assert.equal(allowed.stdout, `GET /a/b?c=d for web.test:${server.port}`);
  const sent = await gate.nextEnd();
  assert.deepEqual(
    [sent.via, sent.host, sent.port, sent.method, sent.path],
    ["http", "web.test", server.port, "GET", "/a/b"],
  );
  assert.equal(sent.result.end, "done");
  assert.equal(sent.result.status, 200);
  assert.equal(sent.result.address, "127.0.0.1");
  assert.ok(sent.result.bytesOut > 30 && sent.result.bytesIn > 100);

  const refused = await curl(
    "-x",
    gate.proxy,
    "-w",
    "%{http_code}",
    `http://other.test:${server.port}/`,
  );
  assert.match(
    refused.stdout,
    /^sandbox: other\.test:\d+ is not allowed; --allow other\.test:\d+ would allow it\n403$/,
  );
  assert.equal((await gate.nextEnd()).result.end, "refused");
});
