import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toAddressClass } from "../../src/core/address-class.js";
import { parseIp } from "../../src/core/ip-address.js";
import type { HostRule, NetworkPolicy, Send } from "../../src/core/send.js";
import { judgeSend } from "../../src/policy/network/judge-send.js";
import { mayResolve } from "../../src/policy/network/may-resolve.js";
import { toDirectPorts } from "../../src/policy/network/to-direct-ports.js";

function toPolicy(allow: readonly HostRule[], more: Partial<NetworkPolicy> = {}): NetworkPolicy {
  return { mode: "allowlist", allow, inspect: [], ...more };
}

function toSend(host: string, port = 443, more: Partial<Send> = {}): Send {
  return { id: 1, via: "connect", host, port, ...more };
}

function isAllowed(policy: NetworkPolicy, send: Send): boolean {
  return judgeSend(policy, send).decision === "allow";
}

test("an empty list allows nothing, and open allows any public place", () => {
  assert.equal(isAllowed(toPolicy([]), toSend("example.com")), false);
  const open = toPolicy([], { mode: "open" });
  for (const host of ["example.com", "93.184.216.34", "2606:4700::1111"])
    assert.ok(isAllowed(open, toSend(host, 8080)), host);
  const closed =
    "localhost a.localhost 127.0.0.1 10.1.2.3 169.254.169.254 ::1 fe80::1 fd00:ec2::254 64:ff9b::a00:1 2002:7f00:1:: 0.0.0.0";
  for (const host of closed.split(" ")) assert.equal(isAllowed(open, toSend(host)), false, host);
});

test("a name means itself, a suffix what is below it, and tricks with either mean neither", () => {
  const policy = toPolicy([{ host: "example.com" }, { host: "*.example.org" }]);
  assert.ok(isAllowed(policy, toSend("example.com")));
  assert.ok(isAllowed(policy, toSend("a.b.example.org", 80)));
  for (const host of [
    "www.example.com",
    "example.com.evil.test",
    "notexample.com",
    "example.org",
    "evilexample.org",
    "example.org.evil.test",
  ])
    assert.equal(isAllowed(policy, toSend(host)), false, host);
});

test("a port must be named, but for 80 and 443", () => {
  const policy = toPolicy([{ host: "a.test" }, { host: "b.test", ports: [22] }]);
  assert.deepEqual(
    [toSend("a.test", 80), toSend("a.test", 22), toSend("b.test", 22), toSend("b.test", 443)].map(
      (send) => isAllowed(policy, send),
    ),
    [true, false, true, false],
  );
  assert.deepEqual(toDirectPorts(policy), [22, 80, 443]);
});

test("methods and paths must be seen: in plain, or inside TLS that is inspected", () => {
  const rule: HostRule = { host: "api.test", methods: ["GET"], paths: ["/v1", "/pub/"] };
  const policy = toPolicy([rule]);
  const asked = (method: string, path: string): boolean =>
    isAllowed(policy, toSend("api.test", 80, { via: "http", method, path }));
  for (const path of ["/v1", "/v1/", "/v1/a", "/pub/a"]) assert.ok(asked("GET", path), path);
  for (const path of [
    "/",
    "/v10",
    "/pub",
    "/v1/../x",
    "/v1/%2E%2e/x",
    "/v1/%c0%ae%c0%ae/x",
    "/v1/%E9",
    "/v1/%u002e%u002e/x",
    "/v1/100%",
    "/v1/..;/x",
    "/v1//x",
    "/v1/%2fx",
    "/v1\\..\\x",
  ])
    assert.equal(asked("GET", path), false, path);
  assert.equal(asked("POST", "/v1"), false);

  const tunnel = judgeSend(policy, toSend("api.test"));
  assert.ok(tunnel.decision === "deny" && /add api\.test to inspect/.test(tunnel.reason));
  const inspected = judgeSend({ ...policy, inspect: ["api.test"] }, toSend("api.test"));
  assert.ok(inspected.decision === "allow" && inspected.inspect);
});

test("says in a denial what would allow it", () => {
  const policy = toPolicy([{ host: "a.test", ports: [22] }]);
  const reasonOf = (send: Send): string => {
    const verdict = judgeSend(policy, send);
    return verdict.decision === "deny" ? verdict.reason : "allowed";
  };
  assert.equal(
    reasonOf(toSend("b.test")),
    "b.test:443 is not allowed; --allow b.test would allow it",
  );
  assert.equal(
    reasonOf(toSend("::1", 5432)),
    "[::1]:5432 is not allowed; --allow [::1]:5432 would allow it",
  );
  assert.equal(
    reasonOf(toSend("a.test")),
    "a.test:443 is not allowed (only a.test:22 is); --allow a.test would allow it",
  );
  for (const host of ["0.0.0.0", "::"])
    assert.match(
      reasonOf(toSend(host, 81)),
      /say localhost, which --allow localhost:81 would allow$/,
    );
  const nobody = reasonOf(toSend("224.0.0.1"));
  assert.match(nobody, /nobody's address/);
  assert.doesNotMatch(nobody, /--allow/, "what is advised is taken");
});

test("private addresses need a rule that names one, or says so", () => {
  const mayBe = (rule: HostRule, host: string): boolean => {
    const verdict = judgeSend(toPolicy([rule]), toSend(host));
    return verdict.decision === "allow" && verdict.mayBePrivate;
  };
  assert.equal(mayBe({ host: "db.test" }, "db.test"), false);
  assert.ok(mayBe({ host: "db.test", private: true }, "db.test"));
  assert.ok(mayBe({ host: "localhost" }, "localhost"));
  assert.ok(mayBe({ host: "localhost" }, "127.0.0.1"));
  assert.ok(mayBe({ host: "10.0.0.7" }, "10.0.0.7"));
});

test("the order of rules never matters", () => {
  const rule = fc.record(
    {
      host: fc.constantFrom("a.test", "*.test.org", "b.test.org", "localhost"),
      ports: fc.constantFrom([443], [80, 22]),
      methods: fc.constantFrom(["GET"], ["POST"]),
      paths: fc.constantFrom(["/a"], ["/b"]),
      private: fc.constant(true as const),
    },
    { requiredKeys: ["host"] },
  );
  const send = fc.record({
    id: fc.constant(1),
    via: fc.constant("http" as const),
    host: fc.constantFrom("a.test", "b.test.org", "localhost", "127.0.0.1"),
    port: fc.constantFrom(22, 80, 443),
    method: fc.constantFrom("GET", "POST"),
    path: fc.constantFrom("/a/x", "/b"),
  });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), send, (rules, asked) => {
      const one = judgeSend(toPolicy(rules as HostRule[]), asked);
      const other = judgeSend(toPolicy(rules.toReversed() as HostRule[]), asked);
      assert.deepEqual(one, other);
    }),
  );
});

test("only names that a rule means are looked up", () => {
  const policy = toPolicy([{ host: "*.a.test", ports: [22] }, { host: "10.0.0.7" }]);
  assert.ok(mayResolve(policy, "x.a.test"));
  for (const name of ["a.test", "b.test", "10.0.0.7"])
    assert.equal(mayResolve(policy, name), false);
  assert.ok(mayResolve(toPolicy([], { mode: "open" }), "b.test"));
});

test("knows the class of an address also where IPv6 carries IPv4", () => {
  const classes: Record<string, string> = {
    "8.8.8.8": "public",
    "2606:4700::1111": "public",
    "127.9.9.9": "loopback",
    "::1": "loopback",
    "10.0.0.1": "private",
    "172.31.255.255": "private",
    "172.32.0.0": "public",
    "192.168.1.1": "private",
    "fd12::1": "private",
    "100.64.0.1": "shared",
    "100.128.0.1": "public",
    "169.254.1.1": "link-local",
    "fe80::1": "link-local",
    "169.254.169.254": "metadata",
    "fd00:ec2::254": "metadata",
    "100.100.100.200": "metadata",
    "224.0.0.251": "multicast",
    "ff02::1": "multicast",
    "0.0.0.0": "unspecified",
    "::": "unspecified",
    "255.255.255.255": "reserved",
    "2001:db8::1": "reserved",
    "4000::1": "reserved",
    "::ffff:10.0.0.1": "private",
    "64:ff9b::7f00:1": "loopback",
    "64:ff9b::808:808": "public",
    "2002:a9fe:a9fe::1": "metadata",
    "2002:808:808::1": "public",
  };
  for (const [text, kind] of Object.entries(classes)) {
    const address = parseIp(text);
    assert.ok(address !== undefined, text);
    assert.equal(toAddressClass(address), kind, text);
  }
});
