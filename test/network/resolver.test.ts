import assert from "node:assert/strict";
import { test } from "node:test";
import { openNameAddresses } from "../../src/network/name-addresses.js";
import { askUdp, toDnsAnswer, toQuery } from "./dns-client.js";
import { openCase } from "./gateway-case.js";
import { openRaw, readBytes } from "./raw-client.js";

const NXDOMAIN = 3;
const REFUSED = 5;

test("answers only for allowed names, with addresses of its own, and reports the rest", async () => {
  await using gate = await openCase({ allow: ["web.test", "*.cdn.test", "localhost"] });
  const { dns } = gate.ports;
  const web = await askUdp(dns, "WEB.test", "A");
  assert.equal(web.rcode, 0);
  assert.match(web.addresses.join(), /^127\.64\.0\.\d+$/);
  assert.deepEqual(await askUdp(dns, "web.test", "A"), web);
  assert.notDeepEqual((await askUdp(dns, "a.cdn.test", "A")).addresses, web.addresses);
  assert.deepEqual((await askUdp(dns, "localhost", "A")).addresses, ["127.0.0.1"]);
  assert.deepEqual(await askUdp(dns, "web.test", "AAAA"), { rcode: 0, addresses: [] });

  for (const name of ["evil.test", "cdn.test", "web.test.evil.test", "data-of-mine.evil.test"])
    assert.equal((await askUdp(dns, name, "A")).rcode, NXDOMAIN, name);
  for (const type of ["TXT", "MX", "ANY", "SRV", "PTR"])
    assert.equal((await askUdp(dns, "web.test", type)).rcode, REFUSED, type);
  assert.ok(gate.refusedLookups.includes("A evil.test"));
  assert.ok(gate.refusedLookups.includes("TXT web.test"));
  assert.equal(gate.gateway.stats().refusedLookups, gate.refusedLookups.length);
});

test("answers nothing at all where nothing is allowed", async () => {
  await using gate = await openCase();
  assert.equal((await askUdp(gate.ports.dns, "web.test", "A")).rcode, NXDOMAIN);
  assert.equal((await askUdp(gate.ports.dns, "localhost", "A")).rcode, NXDOMAIN);
});

test("answers over TCP too, one message after another", async () => {
  await using gate = await openCase({ allow: ["web.test"] });
  const client = await openRaw(gate.ports.dns);
  const framed = ["web.test", "evil.test"].map((name) => {
    const query = toQuery(name, "A");
    return Buffer.concat([Buffer.from([query.length >> 8, query.length & 255]), query]);
  });
  client.write(Buffer.concat(framed));
  const rcodes: number[] = [];
  for (let at = 0; at < 2; at++) {
    const length = (await readBytes(client, 2)).readUInt16BE(0);
    rcodes.push(toDnsAnswer(await readBytes(client, length)).rcode);
  }
  client.destroy();
  assert.deepEqual(rcodes, [0, NXDOMAIN]);
});

test("keeps so many names at most, and never gives an address to another name at once", () => {
  const names = openNameAddresses(2);
  const [a, b] = [names.addressOf("a"), names.addressOf("b")];
  assert.equal(names.addressOf("a"), a);
  const c = names.addressOf("c");
  assert.equal(names.nameOf(b), undefined);
  assert.deepEqual([names.nameOf(a), names.nameOf(c)], ["a", "c"]);
  assert.equal(new Set([a, b, c, names.addressOf("b")]).size, 4);
});
