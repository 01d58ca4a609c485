import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { openCase } from "./gateway-case.js";
import { curl } from "./run-client.js";
import { serveRequests } from "./servers.js";

test("resolves a name once and connects to that address: a name that changes its mind gains nothing", async () => {
  await using server = await serveRequests((_, response) => response.end("inside"));
  const { port } = server;
  let asked = 0;
  await using gate = await openCase({
    // Not private: only a public address would do, and the second answer is never asked for.
    allow: [{ host: "rebind.test", ports: [port] }],
    lookup: async () => (asked++ === 0 ? ["127.0.0.1"] : ["8.8.8.8"]),
  });
  const got = await curl("-x", gate.proxy, `http://rebind.test:${port}/`);
  assert.equal(
    got.stdout,
    "sandbox: rebind.test is not connected to: 127.0.0.1 is this host's own\n",
  );
  assert.equal(asked, 1);
  assert.equal((await gate.nextEnd()).result.end, "refused");
});

test("refuses names with private, link-local, metadata and other such addresses; the control is a rule that says private", async () => {
  const hosts = {
    "v4.test": ["10.1.2.3"],
    "meta.test": ["169.254.169.254"],
    "link.test": ["fe80::1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "nat64.test": ["64:ff9b::7f00:1"],
    "zero.test": ["0.0.0.0"],
    "multi.test": ["224.0.0.1"],
    "good.test": ["10.255.255.1", "127.0.0.1"],
  };
  await using server = await serveRequests((_, response) => response.end("inside"));
  const names = Object.keys(hosts);
  const toAllow = (isPrivate: boolean) =>
    names.map((host) => ({
      host,
      ports: [server.port],
      ...(isPrivate ? { private: true as const } : {}),
    }));
  const limits = { connectMs: 100 };
  await using strict = await openCase({ allow: toAllow(false), hosts, limits });
  for (const host of names) {
    const got = await curl("-x", strict.proxy, `http://${host}:${server.port}/`);
    assert.match(got.stdout, /is not connected to: \S+ is /, host);
    assert.equal((await strict.nextEnd()).result.address, undefined);
  }
  await using lax = await openCase({ allow: toAllow(true), hosts, limits });
  const ask = async (host: string): Promise<string> =>
    (await curl("-x", lax.proxy, `http://${host}:${server.port}/`)).stdout;
  assert.equal(await ask("mapped.test"), "inside");
  // The first address does not answer: the next one that passed is tried.
  assert.equal(await ask("good.test"), "inside");
  for (const host of ["meta.test", "zero.test", "multi.test"])
    assert.match(await ask(host), /is not connected to: \S+ is /, host);
});

test("never connects to the controller's own addresses, even where they are named", async () => {
  await using server = await serveRequests((_, response) => response.end("controller"));
  const { port } = server;
  const allow = [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `trick.test:${port}`];
  const hosts = { "trick.test": ["127.0.0.2"] };
  await using open = await openCase({ allow, hosts });
  assert.equal((await curl("-x", open.proxy, `http://localhost:${port}/`)).stdout, "controller");
  await using gate = await openCase({ allow, hosts, forbidden: [{ host: "127.0.0.1", port }] });
  for (const host of [
    "localhost",
    "127.0.0.1",
    "[::1]",
    "trick.test",
    "0x7f.1",
    "[::ffff:7f00:1]",
  ]) {
    const got = await curl(
      "-x",
      gate.proxy,
      "-H",
      `Host: ${host}:${port}`,
      "--request-target",
      `http://${host}:${port}/`,
      "http://unused.test/",
    );
    assert.match(got.stdout, /the controller's own address/, host);
  }
});

test("takes this host's own public addresses for its own", async () => {
  const own = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  if (own === undefined) return;
  await using server = await serveRequests((_, response) => response.end("host"), { host: own });
  const { port } = server;
  await using gate = await openCase({
    allow: [{ host: "me.test", ports: [port] }, `${own}:${port}`],
    hosts: { "me.test": [own] },
  });
  assert.match((await curl("-x", gate.proxy, `http://me.test:${port}/`)).stdout, /this host's own/);
  assert.equal((await curl("-x", gate.proxy, `http://${own}:${port}/`)).stdout, "host");
});

test("says what failed where a name does not resolve or nobody answers", async () => {
  await using gate = await openCase({ allow: ["gone.test", "localhost:9"] });
  const unresolved = await curl("-x", gate.proxy, "-w", "%{http_code}", "http://gone.test/");
  assert.equal(unresolved.stdout, "sandbox: cannot resolve gone.test: ENOTFOUND\n502");
  const refused = await curl("-x", gate.proxy, "http://localhost:9/");
  assert.match(refused.stdout, /^sandbox: cannot connect to localhost: ::1: ECONNREFUSED\n$/);
  assert.deepEqual(
    gate.ended.map(({ result }) => result.end),
    ["failed", "failed"],
  );
});
