import assert from "node:assert/strict";
import { test } from "node:test";
import { type ResolveSpecInput, resolveExec, resolveSpec } from "../../src/policy/resolve-spec.js";

const image = { reference: "node:20", id: `sha256:${"a".repeat(64)}` };
const input: ResolveSpecInput = {
  argv: ["node", "x.js"],
  cwd: "/work/a",
  workspaces: ["/work/a"],
  task: { uid: 1000, gid: 1001, name: "me" },
  hostEnv: { TERM: "xterm", PATH: "/home/u/bin:/usr/bin", SECRET: "x" },
  env: [],
  pathEntries: [],
  prefixes: [],
  readOnly: [],
  hide: [],
  terminal: false,
  hasImage: true,
  image: {
    image,
    env: { PATH: "/opt/node/bin:/bin", HOME: "/root", NODE_VERSION: "20", TERM: "" },
  },
};

test("an image's variables lie under ours, and its PATH is the task's", () => {
  const spec = resolveSpec({ ...input, env: ["NODE_VERSION=21"] });
  assert.deepEqual(spec.env, {
    NODE_VERSION: "21",
    TERM: "xterm",
    HOME: "/home/sandbox",
    USER: "me",
    LOGNAME: "me",
    PATH: "/opt/node/bin:/bin",
  });
  assert.deepEqual(spec.image, image);
  assert.deepEqual(spec.argv, ["node", "x.js"]);
});

test("an image without a PATH gets the standard one; a tool's directory comes first", () => {
  const spec = resolveSpec({
    ...input,
    image: { image, env: {} },
    pathEntries: ["/data/tool/bin"],
  });
  assert.equal(
    spec.env["PATH"],
    "/data/tool/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  );
});

test("with an image the host's system directories are shown only where they are asked for", () => {
  const asked = { prefixes: ["/usr/lib/go"], readOnly: ["/usr/share/doc"] };
  const targets = (more: Partial<ResolveSpecInput>): readonly string[] =>
    resolveSpec({ ...input, ...asked, ...more }).mounts.map(
      ({ kind, target }) => `${kind} ${target}`,
    );
  assert.deepEqual(targets({}), ["readonly /usr/lib/go", "readonly /usr/share/doc"]);
  assert.deepEqual(targets({ hasImage: false }), []);
  const hide = [{ path: "/usr/share/doc/x", type: "file" } as const];
  assert.deepEqual(targets({ hide, readOnly: ["/usr/share"] }), [
    "readonly /usr/share",
    "readonly /usr/lib/go",
    "hidden /usr/share/doc/x",
  ]);
});

test("another task keeps the image", () => {
  const { image: kept } = resolveExec(resolveSpec(input), {
    argv: ["sh"],
    env: [],
    hostEnv: {},
    timeout: undefined,
    terminal: false,
  });
  assert.deepEqual(kept, image);
});
