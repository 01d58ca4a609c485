import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenSecret } from "../../src/core/open-secret.js";
import { openPlacement, type SecretRequest } from "../../src/network/place-secrets.js";

const SECRET: OpenSecret = {
  ...{ name: "git", placeholder: "placeholder-0000", value: "password" },
  ...{ hosts: [{ host: "git.test", ports: [443] }], places: ["basic"] },
  git: { scheme: "https", access: "read" },
};
const FETCH: SecretRequest = {
  ...{ host: "git.test", port: 443, method: "GET", path: "/a/b.git/info/refs" },
  ...{ isTls: true, isAmbiguous: false },
};

/** Whether the password goes with a request. */
function goes(request: Partial<SecretRequest>, git = SECRET.git, secret = SECRET): boolean {
  const placement = openPlacement([{ ...secret, ...(git === undefined ? {} : { git }) }], {
    ...FETCH,
    ...request,
  });
  const said = Buffer.from(`ann:${secret.placeholder}`).toString("base64");
  const [, value = ""] = placement?.headers(["Authorization", `Basic ${said}`]) ?? [];
  return Buffer.from(value.slice("Basic ".length), "base64").toString() === "ann:password";
}

test("git's credentials go with what git asks for, to its own host and by its own scheme", () => {
  const write = { scheme: "https", access: "write" } as const;
  const upload = { method: "POST", path: "/a/b.git/git-upload-pack" };
  const receive = { method: "POST", path: "/a/b.git/git-receive-pack" };
  assert.ok(goes({}));
  assert.ok(goes(upload));
  assert.ok(goes({ path: "/a%20b/%C3%A4~c/info/refs" }));
  assert.ok(goes(receive, write));
  const plain = { isTls: false, port: 80 };
  const onPlain: OpenSecret = { ...SECRET, hosts: [{ host: "git.test", ports: [80] }] };
  assert.ok(goes(plain, { scheme: "http", access: "read" }, onPlain));
  const within: OpenSecret = {
    ...SECRET,
    hosts: [{ host: "git.test", ports: [443], paths: ["/a"] }],
  };
  assert.ok(goes({}, SECRET.git, within));
  const not: Readonly<Record<string, boolean>> = {
    "a push, where it may read": goes(receive),
    "another host": goes({ host: "x.git.test" }),
    "another port": goes({ port: 8443 }),
    "no TLS": goes(plain, SECRET.git, onPlain),
    "TLS, where it is for plain HTTP": goes(
      { port: 80 },
      { scheme: "http", access: "read" },
      onPlain,
    ),
    "another path": goes({ path: "/b/b.git/info/refs" }, SECRET.git, within),
    "an API": goes({ path: "/api/v1/user/keys" }),
    "another method": goes({ method: "POST" }),
    "a GET of what is posted": goes({ ...upload, method: "GET" }),
    DELETE: goes({ ...receive, method: "DELETE" }, write),
    "a header that makes another request of it": goes({ isAmbiguous: true }),
  };
  for (const [what, went] of Object.entries(not)) assert.equal(went, false, what);
  for (const path of [
    ...[
      "/api/keys%3F/info/refs",
      "/api/keys%23/info/refs",
      "/api/keys;/info/refs",
      "/api%2Fx/info/refs",
    ],
    ...[
      "/a/../api/info/refs",
      "/a/./info/refs",
      "/a//info/refs",
      "/a\\b/info/refs",
      "/a/info/refs/",
    ],
    ...["/a/%2e%2e/info/refs", "/a/info/refs%00", "/a/xinfo/refsx", "/info-refs", "/a/info%2frefs"],
    // Overlong, half and no UTF-8; Microsoft's escape.
    ...["/a/%c0%ae%c0%ae/b/info/refs", "/a/%e0%80%ae/info/refs", "/a/%80/info/refs"],
    ...["/a/%C3/info/refs", "/a/%u002e%u002e/info/refs", "/a/info/refs/info/refs"],
  ])
    assert.equal(goes({ path }), false, path);
  for (const service of ["git-receive-pack", "git-upload-pack", "Git-Receive-Pack"]) {
    const path = `/a/b.git/${service}/git-upload-pack`;
    assert.equal(goes({ method: "POST", path }), false, path);
    assert.equal(goes({ method: "POST", path }, write), false, path);
  }
  assert.ok(goes({ method: "POST", path: "/a/git-receive-pack.git/git-upload-pack" }), "control");
});
