import assert from "node:assert/strict";
import { createServer } from "node:https";
import { test } from "node:test";
import type { OpenSecret } from "../../src/core/open-secret.js";
import { openCase } from "./gateway-case.js";
import { curl } from "./run-client.js";
import { startServer } from "./servers.js";
import { makeCertificate } from "./tls-files.js";

const files = makeCertificate(["api.test"]);
const PLACEHOLDER = "sk-placeholder-0000";
const VALUE = "sk-real-77";

test("a limited secret is not put into a request that a header may make another one of", async () => {
  await using server = await startServer(
    createServer(files, (request, response) => response.end(request.headers["x-key"])),
  );
  const ask = async (
    limits: Partial<OpenSecret["hosts"][number]>,
    header: string,
  ): Promise<string> => {
    const hosts = [{ host: "api.test", ports: [server.port], ...limits }];
    await using gate = await openCase({
      allow: [`api.test:${server.port}`],
      inspect: ["api.test"],
      hosts: { "api.test": ["127.0.0.1"] },
      readRoots: () => files.cert,
      secrets: [{ name: "KEY", placeholder: PLACEHOLDER, value: VALUE, hosts, places: ["header"] }],
    });
    const headers = ["-H", `X-Key: ${PLACEHOLDER}`, "-H", header];
    const url = `https://api.test:${server.port}/v1`;
    return (await curl("-k", "-x", gate.proxy, ...headers, url)).stdout;
  };
  const override = "X-HTTP-Method-Override: DELETE";
  assert.equal(await ask({ methods: ["GET"] }, override), PLACEHOLDER);
  assert.equal(await ask({ methods: ["GET"] }, "x_http_method_override: DELETE"), PLACEHOLDER);
  assert.equal(await ask({ paths: ["/v1"] }, "X-Original-URL: /admin"), PLACEHOLDER);
  assert.equal(await ask({ methods: ["GET"] }, "X-Other: DELETE"), VALUE, "control: no such one");
  assert.equal(await ask({}, override), VALUE, "control: the secret is not limited");
});
