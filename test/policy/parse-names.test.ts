import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEnv, toPassedEnv } from "../../src/policy/parse-env.js";
import { parseSessionName } from "../../src/policy/parse-session-name.js";

test("a session's name is short, plain and no id", () => {
  for (const name of [
    "a",
    "build",
    "fix-123",
    "v1.2_x",
    "0",
    "a".repeat(63),
    "s",
    "sx-1",
    "latest2",
  ])
    assert.equal(parseSessionName(name), name);
  for (const name of [
    "",
    "A",
    "-a",
    ".a",
    "a b",
    "a/b",
    "ä",
    "a\n",
    "a".repeat(64),
    "latest",
    "s-abcd",
    "c-1",
  ])
    assert.throws(() => parseSessionName(name), { code: "usage", message: /^--name / }, name);
});

test("only variables that say how things look pass by themselves", () => {
  const host = {
    TERM: "xterm",
    LANG: "de_DE.UTF-8",
    LC_ALL: "C",
    TZ: "UTC",
    NO_COLOR: "1",
    COLORTERM: undefined,
    HOME: "/home/u",
    PATH: "/x",
    AWS_SECRET_ACCESS_KEY: "x",
    SSH_AUTH_SOCK: "/x",
    DOCKER_HOST: "x",
    NODE_OPTIONS: "x",
    LD_PRELOAD: "x",
    LC_: "x",
    LC_all: "x",
  };
  assert.deepEqual(Object.keys(toPassedEnv(host)).sort(), [
    "LANG",
    "LC_ALL",
    "NO_COLOR",
    "TERM",
    "TZ",
  ]);
});

test("--env sets a value or takes the host's; the last of a name counts", () => {
  const host = { KEY: "secret", EMPTY: "" };
  assert.deepEqual(parseEnv(["KEY", "A=1", "B=", "C=x=y", "A=2", "EMPTY"], host), {
    KEY: "secret",
    A: "2",
    B: "",
    C: "x=y",
    EMPTY: "",
  });
});

test("--env with a name that is none, or that the host has not, is refused", () => {
  for (const text of ["", "=x", "1A=x", "A-B=x", "A B", "A\n=x", "ABSENT", "toString", "__proto__"])
    assert.throws(
      () => parseEnv([text], { KEY: "x" }),
      { code: "usage", message: /^--env / },
      text,
    );
  const env = parseEnv(["__proto__=x"], {});
  assert.ok(Object.hasOwn(env, "__proto__"));
});
