import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { openBodyFilter } from "../../src/network/pass-body.js";
import { openPlacement } from "../../src/network/place-secrets.js";
import type { OpenSecret } from "../../src/core/open-secret.js";
import { openTempDir } from "../support/temp-tree.js";
import { type CaseOptions, type GatewayCase, openCase } from "./gateway-case.js";
import { curl } from "./run-client.js";
import { serveRequests, startServer } from "./servers.js";
import { makeCertificate } from "./tls-files.js";

const files = makeCertificate(["api.test", "other.test"]);
const PLACEHOLDER = "sk-placeholder-0000";
const VALUE = "sk-real/value+=&-77";
const LONGER = "a longer value than the placeholder";

/** A server that says what it was sent, one in TLS for two names, and a gateway that inspects both. */
async function openSecretCase(
  secret: Partial<OpenSecret> = {},
  more: CaseOptions = {},
): Promise<
  GatewayCase & {
    readonly port: number;
    ask(host: string, ...args: readonly string[]): Promise<string>;
  }
> {
  const server = await startServer(
    createServer(files, (request, response) => {
      response.write(`${request.url} ${JSON.stringify(request.headers)}\n`);
      request.pipe(response);
    }),
  );
  const { port } = server;
  const dir = openTempDir();
  const gate = await openCase({
    allow: [`api.test:${port}`, `other.test:${port}`],
    inspect: ["api.test", "other.test"],
    hosts: { "api.test": ["127.0.0.1"], "other.test": ["127.0.0.1"] },
    readRoots: () => files.cert,
    secrets: [
      {
        name: "API_KEY",
        placeholder: PLACEHOLDER,
        value: VALUE,
        hosts: [{ host: "api.test", ports: [port] }],
        places: ["header", "query", "basic", "body"],
        ...secret,
      },
    ],
    ...more,
  });
  const ca = path.join(dir.path, "ca.pem");
  writeFileSync(ca, gate.gateway.caPem());
  return {
    ...gate,
    port,
    ask: async (host, ...args) => {
      const [url = "/", ...rest] = args;
      return (
        await curl("--cacert", ca, "-x", gate.proxy, ...rest, `https://${host}:${port}${url}`)
      ).stdout;
    },
    [Symbol.asyncDispose]: async () => {
      await gate[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    },
  };
}

test("puts a secret's value in towards its own host: header, query, Basic and body", async () => {
  await using gate = await openSecretCase();
  const said = await gate.ask(
    "api.test",
    `/x?key=${PLACEHOLDER}`,
    "-H",
    `X-Key: a ${PLACEHOLDER}`,
    "-u",
    `user:${PLACEHOLDER}`,
    "-d",
    `{"key":"${PLACEHOLDER}"}`,
  );
  assert.match(said, new RegExp(`^/x\\?key=${encodeURIComponent(VALUE)} `));
  assert.ok(said.includes(`"x-key":"a ${VALUE}"`));
  assert.ok(said.includes(`Basic ${Buffer.from(`user:${VALUE}`).toString("base64")}`));
  assert.ok(said.endsWith(`{"key":"${VALUE}"}`));
  const [{ result } = assert.fail()] = gate.ended.filter(({ via }) => via === "inspected");
  assert.deepEqual([result.secrets, result.misplaced], [["API_KEY"], undefined]);
  assert.ok(!JSON.stringify(gate.ended).includes(VALUE));
});

test("leaves the placeholder as it is towards another host, and says so", async () => {
  await using gate = await openSecretCase();
  const said = await gate.ask(
    "other.test",
    `/${PLACEHOLDER}?key=${PLACEHOLDER}`,
    "-H",
    `X-Key: ${PLACEHOLDER}`,
    "-u",
    `user:${PLACEHOLDER}`,
    "-d",
    `x${PLACEHOLDER}`,
  );
  assert.ok(
    !said.includes(VALUE) && !said.includes(Buffer.from(VALUE).toString("base64").slice(0, 20)),
  );
  assert.ok(said.endsWith(`x${PLACEHOLDER}`));
  const [{ result } = assert.fail()] = gate.ended.filter(({ via }) => via === "inspected");
  assert.deepEqual([result.secrets, result.misplaced], [undefined, ["API_KEY"]]);
});

test("keeps to the places, methods and paths that a secret has, and puts nothing into TRACE", async () => {
  await using gate = await openSecretCase({ places: ["header"] });
  const said = await gate.ask(
    "api.test",
    `/?key=${PLACEHOLDER}`,
    "-H",
    `X-Key: ${PLACEHOLDER}`,
    "-d",
    PLACEHOLDER,
  );
  assert.equal(said.split(VALUE).length, 2);
  assert.ok(said.startsWith(`/?key=${PLACEHOLDER} `));
  const trace = await gate.ask("api.test", "/", "-H", `X-Key: ${PLACEHOLDER}`, "-X", "TRACE");
  assert.ok(trace.includes(PLACEHOLDER) && !trace.includes(VALUE));

  const hosts = [{ host: "api.test", ports: [gate.port], paths: ["/v1"] }];
  await using narrow = await openCase({
    ...openLike(gate),
    secrets: [{ name: "KEY", placeholder: PLACEHOLDER, value: VALUE, hosts, places: ["header"] }],
  });
  const url = `https://api.test:${gate.port}`;
  const ask = async (path: string): Promise<string> =>
    (await curl("-k", "-x", narrow.proxy, "-H", `X-Key: ${PLACEHOLDER}`, `${url}${path}`)).stdout;
  assert.ok((await ask("/v1/a")).includes(VALUE));
  assert.ok((await ask("/v2")).includes(PLACEHOLDER));
});

/** What another gateway needs to reach the same server. */
function openLike({ port }: { readonly port: number }): CaseOptions {
  return {
    allow: [`api.test:${port}`],
    inspect: ["api.test"],
    hosts: { "api.test": ["127.0.0.1"] },
    readRoots: () => files.cert,
  };
}

test("holds back what could be the beginning of a placeholder, byte by byte", async () => {
  const placement = openPlacement(
    [
      {
        name: "K",
        placeholder: PLACEHOLDER,
        value: LONGER,
        hosts: [{ host: "a.test" }],
        places: ["body"],
      },
    ],
    { host: "a.test", port: 443, method: "POST", path: "/", isTls: true, isAmbiguous: false },
  );
  assert.ok(placement);
  const filter = openBodyFilter(placement);
  const body = `é${PLACEHOLDER}${PLACEHOLDER.slice(0, 5)}${PLACEHOLDER}!`;
  for (const byte of Buffer.from(body)) filter.write(Buffer.from([byte]));
  filter.end();
  assert.equal(await text(filter), body.replaceAll(PLACEHOLDER, LONGER));
});

test("finds a placeholder in a body however it is cut, and tells the new length", async () => {
  await using gate = await openSecretCase({ value: LONGER });
  const body = `${"x".repeat(70_000)}${PLACEHOLDER}${"y".repeat(70_000)}${PLACEHOLDER}`;
  using dir = openTempDir();
  const file = path.join(dir.path, "body");
  writeFileSync(file, body);
  const wanted = body.replaceAll(PLACEHOLDER, LONGER);
  const gathered = await gate.ask("api.test", "/", "-H", "Expect:", "--data-binary", `@${file}`);
  assert.ok(gathered.includes(`"content-length":"${wanted.length}"`));
  assert.ok(gathered.endsWith(`\n${wanted}`));
  const chunked = await gate.ask(
    "api.test",
    "/",
    "-H",
    "Transfer-Encoding: chunked",
    "--data-binary",
    `@${file}`,
  );
  assert.ok(chunked.endsWith(`\n${wanted}`));
  writeFileSync(file, body.repeat(10));
  const long = await gate.ask("api.test", "/", "-H", "Expect:", "--data-binary", `@${file}`);
  assert.ok(long.endsWith(`\n${wanted.repeat(10)}`));
});

test("sends no value in plain HTTP, but to this host's own loopback", async () => {
  await using server = await serveRequests((request, response) =>
    response.end(request.headers["x-key"]),
  );
  const { port } = server;
  const secrets: readonly OpenSecret[] = [
    {
      name: "API_KEY",
      placeholder: PLACEHOLDER,
      value: VALUE,
      hosts: [
        { host: "plain.test", ports: [port] },
        { host: "localhost", ports: [port] },
      ],
      places: ["header"],
    },
  ];
  await using gate = await openCase({
    allow: [`plain.test:${port}`, `localhost:${port}`],
    hosts: { "plain.test": ["127.0.0.1"] },
    secrets,
  });
  const ask = async (host: string): Promise<string> =>
    (await curl("-x", gate.proxy, "-H", `X-Key: ${PLACEHOLDER}`, `http://${host}:${port}/`)).stdout;
  assert.equal(await ask("plain.test"), PLACEHOLDER);
  assert.equal(await ask("localhost"), VALUE);
  assert.deepEqual(
    gate.ended.map(({ result }) => [result.secrets, result.misplaced]),
    [
      [undefined, ["API_KEY"]],
      [["API_KEY"], undefined],
    ],
  );
});

test("does not show a value that no header can hold", async () => {
  await using gate = await openSecretCase({ value: "line\r\nX-Injected: 1" });
  const said = await gate.ask("api.test", "/", "-H", `X-Key: ${PLACEHOLDER}`);
  assert.match(said, /^sandbox: /);
  assert.ok(!`${said}${JSON.stringify(gate.ended)}`.includes("Injected"));
});
