import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHost } from "../../src/core/host-name.js";
import { parseHostMapping } from "../../src/policy/network/parse-host-mapping.js";
import { parseHostRule } from "../../src/policy/network/parse-host-rule.js";

test("reads a host, a suffix, an address, each with and without a port", () => {
  const rules: Record<string, unknown> = {
    "example.com": { host: "example.com" },
    "Example.COM.": { host: "example.com" },
    "example.com:8443": { host: "example.com", ports: [8443] },
    "*.example.com:22": { host: "*.example.com", ports: [22] },
    "localhost:5432": { host: "localhost", ports: [5432] },
    "10.0.0.7:5432": { host: "10.0.0.7", ports: [5432] },
    "[2001:DB8:0:0::1]:443": { host: "2001:db8::1", ports: [443] },
    "[::1]": { host: "::1" },
    "bücher.example": { host: "xn--bcher-kva.example" },
    "a_b.example": { host: "a_b.example" },
  };
  for (const [text, rule] of Object.entries(rules))
    assert.deepEqual(parseHostRule(text), { rule }, text);
});

test("says in one line what is wrong with a rule", () => {
  const problems: Record<string, RegExp> = {
    "": /empty/,
    "https://example.com": /no scheme/,
    "example.com/path": /no path/,
    "example.com?x": /no path/,
    "user@example.com": /no user/,
    "exa mple.com": /space/,
    "example.com\0": /cannot be seen/,
    "example.com\r\nx": /space/,
    "example.com\u202e": /cannot be seen/,
    "*": /may only stand/,
    "*.*.com": /may only stand/,
    "www.*.com": /may only stand/,
    "*example.com": /may only stand/,
    "*.com": /everybody's/,
    "*.co.uk": /everybody's/,
    "*.localhost": /everybody's/,
    "*.0.0.1": /no \* before an address|must be an address/,
    "example.com:": /no port/,
    "example.com:0": /no port/,
    "example.com:65536": /no port/,
    "example.com:08": /no port/,
    "example.com:http": /no port/,
    "::1": /brackets/,
    "::1:443": /brackets/,
    "[::1": /IPv6/,
    "[fe80::1%eth0]": /IPv6/,
    "[::ffff:10.0.0.1]": /write 10\.0\.0\.1/,
    "[127.0.0.1]": /IPv6/,
    "0x7f.1": /write this address as 127\.0\.0\.1/,
    "2130706433": /write this address as 127\.0\.0\.1/,
    "010.0.0.1": /write this address as 8\.0\.0\.1/,
    "127.1": /write this address as 127\.0\.0\.1/,
    "127.0.0.1.": /write this address as 127\.0\.0\.1/,
    "１２７.0.0.1": /write this address as 127\.0\.0\.1/,
    "1.2.3.4.5": /must be an address/,
    "256.1.1.1": /must be an address/,
    "0.0.0.0": /nobody's/,
    "[::]": /nobody's/,
    "224.0.0.1": /nobody's/,
    "example..com": /each part/,
    "-example.com": /each part/,
    "xn--a.com": /punycode/,
    [`${"a".repeat(64)}.com`]: /each part/,
    [`${"a.".repeat(127)}com`]: /too long/,
  };
  for (const [text, pattern] of Object.entries(problems)) {
    const parsed = parseHostRule(text);
    assert.ok("problem" in parsed, text);
    assert.match(parsed.problem, pattern, text);
    assert.doesNotMatch(parsed.problem, /\n/);
  }
});

test("reads a rule as a mapping, and refuses lists that would never count", () => {
  assert.deepEqual(
    parseHostMapping({
      host: "a.example",
      ports: [443],
      methods: ["get"],
      paths: ["/v1"],
      private: true,
    }),
    { rule: { host: "a.example", ports: [443], methods: ["GET"], paths: ["/v1"], private: true } },
  );
  assert.deepEqual(parseHostMapping("a.example:1"), { rule: { host: "a.example", ports: [1] } });
  const host = "a.example";
  const wrong = [
    { host: "*" },
    { host: "a.example:443" },
    { host, ports: [] },
    { host, ports: [0] },
    { host, ports: [1.5] },
    { host, methods: [] },
    { host, methods: ["GET /"] },
    { host, paths: ["v1"] },
    { host, paths: ["/a/../b"] },
    { host, paths: ["/a/%2e%2e/b"] },
    { host, paths: ["/a?b"] },
  ];
  for (const written of wrong)
    assert.ok("problem" in parseHostMapping(written), JSON.stringify(written));
});

test("gives what a client asks for the one spelling of its place", () => {
  const same: Record<string, string> = {
    "0x7f.1": "127.0.0.1",
    "2130706433": "127.0.0.1",
    "017700000001": "127.0.0.1",
    "[::ffff:127.0.0.1]": "127.0.0.1",
    "[::FFFF:7f00:1]": "127.0.0.1",
    "[0:0:0:0:0:0:0:1]": "::1",
    "[2001:db8:0:1:0:0:0:1]": "2001:db8:0:1::1",
    "[1:0:0:2:0:0:0:3]": "1:0:0:2::3",
    "169.254.43518": "169.254.169.254",
    "EXAMPLE.com.": "example.com",
  };
  for (const [text, host] of Object.entries(same)) {
    const parsed = parseHost(text);
    assert.deepEqual("problem" in parsed ? parsed : parsed.host, host, text);
  }
  for (const text of [
    "a%00.example",
    "[::1%lo]",
    "[1::2::3]",
    "[12345::]",
    "a b",
    "1.2.3.0x100",
    "0x",
    "a@b",
    "[::1]x",
  ]) {
    const parsed = parseHost(text);
    assert.ok("problem" in parsed || text === "0x", text);
  }
});
