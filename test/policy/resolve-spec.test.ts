import assert from "node:assert/strict";
import { test } from "node:test";
import { type ResolveSpecInput, resolveExec, resolveSpec } from "../../src/policy/resolve-spec.js";

const input: ResolveSpecInput = {
  argv: ["/usr/bin/make", "test", "rm report -rf", ""],
  cwd: "/work/a/src",
  workspaces: ["/work/a", "/work/b"],
  task: { uid: 1000, gid: 1001, name: "sandbox" },
  hostEnv: { TERM: "xterm", PATH: "/usr/bin:/bin", HOME: "/home/u", SECRET: "x" },
  env: [],
  pathEntries: [],
  prefixes: [],
  readOnly: [],
  hide: [],
  terminal: false,
};

function pathOf(more: Partial<ResolveSpecInput>): readonly string[] {
  return (resolveSpec({ ...input, ...more }).env["PATH"] ?? "").split(":");
}

function targetsOf(more: Partial<ResolveSpecInput>): readonly string[] {
  return resolveSpec({ ...input, ...more }).mounts.map(({ kind, target }) => `${kind} ${target}`);
}

test("a plain run gets a small environment, a private home and no rights it did not ask for", () => {
  assert.deepEqual(resolveSpec(input), {
    argv: ["/usr/bin/make", "test", "rm report -rf", ""],
    cwd: "/work/a/src",
    env: {
      TERM: "xterm",
      HOME: "/home/sandbox",
      USER: "sandbox",
      LOGNAME: "sandbox",
      SHELL: "/bin/bash",
      PATH: "/usr/bin:/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin",
    },
    uid: 1000,
    gid: 1001,
    userName: "sandbox",
    home: "/home/sandbox",
    mounts: [],
    limits: { pids: 4096 },
    seccomp: "default",
    network: "none",
    terminal: false,
    hostname: "sandbox",
  });
});

test("the same request gives the same spec", () => {
  assert.equal(JSON.stringify(resolveSpec(input)), JSON.stringify(resolveSpec({ ...input })));
});

test("a task never has host id 0", () => {
  for (const ids of [{ uid: 0 }, { gid: 0 }])
    assert.throws(() => resolveSpec({ ...input, task: { ...input.task, ...ids } }), /host id 0/);
});

test("outside every workspace the task starts in the first", () => {
  assert.equal(resolveSpec({ ...input, cwd: "/elsewhere" }).cwd, "/work/a");
  assert.equal(resolveSpec({ ...input, cwd: "/work/ab" }).cwd, "/work/a");
  assert.equal(resolveSpec({ ...input, cwd: "/work/b" }).cwd, "/work/b");
});

test("PATH has the invoker's directories that can be seen and are not the task's to write", () => {
  const hostPath = [
    ...[
      "/home/u/.nvm/v20/bin",
      ".",
      "",
      "relative/bin",
      "/home/u/bin",
      "/work/a/node_modules/.bin",
    ],
    ...["/usr/local/bin/", "/home/u/.local/bin", "/usr/bin", "/proc/self/cwd", "/home/u/.nvm/v2"],
  ].join(":");
  assert.deepEqual(
    pathOf({
      hostEnv: { PATH: hostPath },
      prefixes: ["/home/u/.nvm/v20", "/home/u/.local/bin/tool"],
      pathEntries: ["/home/u/.nvm/v20/bin"],
    }),
    ["/home/u/.nvm/v20/bin", "/usr/local/bin", "/home/u/.local/bin", "/usr/bin"].concat([
      ...["/usr/local/sbin", "/usr/sbin", "/sbin", "/bin"],
    ]),
  );
});

test("a program's own directory comes first where the invoker's PATH has it not", () => {
  const [first] = pathOf({ prefixes: ["/srv/tool"], pathEntries: ["/srv/tool/bin"] });
  assert.equal(first, "/srv/tool/bin");
});

test("the launcher's PATH does not count where the invoker's is known, and --env wins over all", () => {
  assert.equal(pathOf({ invokerPath: "/opt/x/bin" })[0], "/opt/x/bin");
  const env = resolveSpec({
    ...input,
    toolEnv: { RUSTUP_HOME: "/r" },
    env: ["PATH=/p", "USER=me"],
  }).env;
  assert.deepEqual([env["PATH"], env["USER"], env["RUSTUP_HOME"]], ["/p", "me", "/r"]);
});

test("parents are mounted before what lies in them", () => {
  assert.deepEqual(
    targetsOf({
      prefixes: ["/srv/tool", "/srv/tool/sub", "/srv/tool"],
      readOnly: ["/data/deep/dir", "/data", "/work/a/vendor"],
      hide: [
        { path: "/work/a/.env", type: "file" },
        { path: "/data/secret", type: "dir" },
      ],
    }),
    [
      "readonly /data",
      "hidden /data/secret",
      "readonly /srv/tool",
      "hidden /work/a/.env",
      "readonly /work/a/vendor",
    ],
  );
});

test("what is visible anyway is not mounted again, and what is not visible is not hidden", () => {
  const mounts = targetsOf({
    prefixes: ["/usr/lib/node", "/work/a/tool", "/data/tool"],
    readOnly: ["/etc/alternatives/x", "/usr/share", "/data"],
    hide: [
      { path: "/home/u/.ssh", type: "dir" },
      { path: "/usr/bin/curl", type: "file" },
    ],
  });
  assert.deepEqual(mounts, ["readonly /data", "hidden /usr/bin/curl"]);
});

test("a read-only path in a workspace counts also below a system directory", () => {
  const mounts = targetsOf({ workspaces: ["/opt/project"], readOnly: ["/opt/project/vendor"] });
  assert.deepEqual(mounts, ["readonly /opt/project/vendor"]);
});

test("what is mounted below /etc can be hidden", () => {
  const hide = [{ path: "/etc/project/.env", type: "file" as const }];
  assert.deepEqual(targetsOf({ workspaces: ["/etc/project"], hide }), ["hidden /etc/project/.env"]);
});

test("options that contradict one another are usage errors that name the path", () => {
  const hide = (path: string) => [{ path, type: "dir" as const }];
  const cases: readonly (readonly [Partial<ResolveSpecInput>, RegExp])[] = [
    [{ readOnly: ["/work/a"] }, /--ro \/work\/a: it is a workspace/],
    [{ hide: hide("/work/a") }, /--hide \/work\/a/],
    [{ hide: hide("/work") }, /--hide \/work: it holds the workspace \/work\/a/],
    [{ hide: hide("/data"), readOnly: ["/data/x"] }, /--hide \/data: --ro \/data\/x shows it/],
    [{ hide: hide("/data"), readOnly: ["/data"] }, /--hide \/data/],
    [{ hide: hide("/etc/ssl") }, /--hide \/etc\/ssl: a sandbox's \/etc is fixed/],
    [{ hide: hide("/etc") }, /--hide \/etc: a sandbox's/],
    [{ readOnly: ["/"] }, /--ro \//],
    [{ readOnly: ["/proc/self"] }, /--ro \/proc/],
    [{ readOnly: ["/run/docker.sock"] }, /--ro \/run/],
    [{ prefixes: ["/dev/shm/tool"] }, /--tool \/dev/],
    [{ readOnly: ["/home/u"], keepOut: ["/home/u/.local/state/sandbox"] }, /--ro \/home\/u/],
    [{ prefixes: ["/state/sandbox/cache"], keepOut: ["/state/sandbox"] }, /--tool \/state/],
    [{ argv: [] }, /no command/],
    [{ memory: "lots" }, /--memory/],
    [{ env: ["1"] }, /--env/],
  ];
  for (const [more, message] of cases)
    assert.throws(() => resolveSpec({ ...input, ...more }), { code: "usage", message });
  assert.ok(resolveSpec({ ...input, readOnly: ["/home/u/x"], keepOut: ["/home/u/.local"] }));
});

test("another task keeps the scope of the first and brings its own command, time and variables", () => {
  const first = resolveSpec({
    ...input,
    readOnly: ["/data"],
    timeout: "1m",
    memory: "1g",
    env: ["A=1"],
  });
  const next = resolveExec(first, {
    argv: ["/usr/bin/true"],
    env: ["B=2"],
    hostEnv: { TERM: "vt100", SECRET: "x" },
    timeout: undefined,
    terminal: true,
  });
  const { env, argv, limits, terminal, ...scope } = next;
  assert.deepEqual(
    { argv, limits, terminal },
    {
      argv: ["/usr/bin/true"],
      limits: { pids: 4096, memoryBytes: 2 ** 30 },
      terminal: true,
    },
  );
  assert.deepEqual(
    [env["A"], env["B"], env["TERM"], env["SECRET"]],
    ["1", "2", "vt100", undefined],
  );
  const { env: _, argv: __, limits: ___, terminal: ____, ...firstScope } = first;
  assert.deepEqual(scope, firstScope);
});
