import assert from "node:assert/strict";
import { linkSync, symlinkSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ELF, NVM, openHost } from "../support/fake-host.js";
import { makeTree } from "../support/temp-tree.js";

test("a program of the system needs nothing", () => {
  using host = openHost();
  for (const name of ["sh", "env", "/bin/sh", "/usr/bin/env"]) {
    const { prefixes, pathEntries, env, path: found } = host.find(name);
    assert.deepEqual({ prefixes, pathEntries, env }, { prefixes: [], pathEntries: [], env: {} });
    assert.match(found, /^\/(usr\/)?bin\//);
  }
});

test("a version manager's program needs that version's directory", () => {
  using host = openHost();
  const nvm = `${host.home}/${NVM}`;
  assert.deepEqual(host.find("node"), {
    path: `${nvm}/bin/node`,
    prefixes: [nvm],
    pathEntries: [`${nvm}/bin`],
    env: {},
  });
  assert.deepEqual(host.find("npm").prefixes, [nvm]);
  assert.equal(host.find("npm").path, `${nvm}/bin/npm`);
});

test("a pyenv shim needs all of pyenv and says where that is; a version's own program only the version", () => {
  using host = openHost();
  const pyenv = `${host.home}/.pyenv`;
  const shim = host.find("python");
  assert.deepEqual(
    [shim.path, shim.prefixes, shim.env],
    [`${pyenv}/shims/python`, [pyenv], { PYENV_ROOT: pyenv }],
  );
  const black = host.find(`${pyenv}/versions/3.12/bin/black`);
  assert.deepEqual(black.prefixes, [`${pyenv}/versions/3.12`]);
});

test("a cargo command needs ~/.cargo/bin, and the toolchains where it is rustup under another name", () => {
  using host = openHost();
  const cargo = `${host.home}/.cargo`;
  makeTree(cargo, [`bin/rustup@755=${ELF}`, `bin/ripgrep@755=${ELF}`, "credentials.toml=secret"]);
  linkSync(`${cargo}/bin/rustup`, `${cargo}/bin/rustc`);
  symlinkSync("rustup", `${cargo}/bin/cargo`);
  makeTree(`${host.home}/.rustup`, ["settings.toml=", "toolchains/stable/bin/cargo="]);
  for (const name of ["rustc", "cargo"]) {
    const found = host.find(name);
    assert.equal(found.path, `${cargo}/bin/${name}`);
    assert.deepEqual(found.prefixes, [`${cargo}/bin`, `${host.home}/.rustup`]);
    assert.deepEqual(found.env, { RUSTUP_HOME: `${host.home}/.rustup` });
  }
  assert.deepEqual(host.find("ripgrep").prefixes, [`${cargo}/bin`]);
});

test("a link in ~/.local/bin stands for its target; a file there is shown alone", () => {
  using host = openHost();
  const share = `${host.home}/.local/share`;
  assert.deepEqual(host.find("claude"), {
    path: `${share}/claude/versions/1.2.3`,
    prefixes: [`${share}/claude`],
    pathEntries: [`${share}/claude/versions`],
    env: {},
  });
  const script = `${host.home}/.local/bin/script`;
  assert.deepEqual(host.find("script").prefixes, [script]);
  assert.deepEqual(host.find("mine").prefixes, [`${host.home}/bin/mine`]);
});

test("a script needs its interpreter, by path and by name", () => {
  using host = openHost();
  assert.deepEqual(host.find("tool").prefixes, [`${host.home}/.local/share/pipx`]);
  const agent = host.find("agent");
  assert.equal(agent.path, `${host.home}/.npm-global/bin/agent`);
  assert.deepEqual(agent.prefixes, [
    `${host.home}/.npm-global/lib/node_modules`,
    `${host.home}/.npm-global`,
    `${host.home}/${NVM}`,
  ]);
  assert.ok(agent.pathEntries.includes(`${host.home}/${NVM}/bin`));
});

test("a package is shown from its root, an installation from the directory of its bin", () => {
  using host = openHost();
  assert.equal(host.find(`${host.home}/apps/pkg/src/main.js`).prefixes[0], `${host.home}/apps/pkg`);
  assert.deepEqual(host.find(`${host.home}/conda/bin/conda`).prefixes, [`${host.home}/conda`]);
  assert.deepEqual(host.find(`${host.root}/srv/tool/bin/x`).prefixes, [`${host.root}/srv/tool`]);
});

test("never shown for a program: a home, a folder of a person's files, a directory with credentials", () => {
  using host = openHost();
  const alone = ["loose", "Downloads/loose", ".config/app/bin/app", ".docker/cli-plugins/plug"];
  for (const file of alone)
    assert.deepEqual(host.find(`${host.home}/${file}`).prefixes, [`${host.home}/${file}`], file);
  assert.deepEqual(host.find(`${host.home}/work/bin/mine2`).prefixes, [`${host.home}/work/bin`]);
  assert.deepEqual(host.find(`${host.home}/leaky/bin/run`).prefixes, [`${host.home}/leaky/bin`]);
  const python = `${host.home}/.local/share/uv/python/cpython-3.12`;
  assert.deepEqual(host.find(`${python}/bin/python3`).prefixes, [python]);
  const kept = host.find(`${host.home}/conda/bin/conda`, { keepOut: [`${host.home}/conda/state`] });
  assert.deepEqual(kept.prefixes, [`${host.home}/conda/bin`]);
});

test("names are not looked up in a workspace, nor in what is not an absolute directory of PATH", () => {
  using host = openHost();
  const bin = `${host.root}/ws/node_modules/.bin`;
  assert.equal(
    host.find("npm", { path: `${bin}:${host.home}/${NVM}/bin` }).path,
    `${host.home}/${NVM}/bin/npm`,
  );
  assert.throws(() => host.find("npm", { path: bin }), {
    code: "command-not-found",
    hint: new RegExp(`${bin}/npm is in the workspace`),
  });
  symlinkSync(bin, `${host.root}/outside`);
  assert.throws(() => host.find("npm", { path: `${host.root}/outside` }), {
    code: "command-not-found",
  });
  for (const relative of ["", ".", "node_modules/.bin", ":", "./"])
    assert.throws(
      () => host.find("local.sh", { path: relative }),
      { code: "command-not-found" },
      relative,
    );
});

test("a path into a workspace is taken, and its interpreter found by name", () => {
  using host = openHost();
  assert.deepEqual(host.find("./local.sh"), {
    path: `${host.root}/ws/local.sh`,
    prefixes: [],
    pathEntries: [],
    env: {},
  });
  const app = host.find("./app.js");
  assert.deepEqual([app.path, app.prefixes], [`${host.root}/ws/app.js`, [`${host.home}/${NVM}`]]);
});

test("a file in a workspace does not choose what of the host is shown, but for known tools", () => {
  using host = openHost();
  const hidden = `${host.home}/work/bin`;
  for (const name of ["./steal", "./steal-by-interpreter"]) {
    assert.throws(() => host.find(name), {
      code: "command-not-found",
      message: new RegExp(`${hidden}/mine2`),
      hint: `add --tool ${hidden}`,
    });
    assert.ok(host.find(name, { shown: [hidden] }).path, name);
  }
  const python = `${host.home}/.local/share/uv/python/cpython-3.12`;
  for (const name of ["./.venv/bin/python", "./.venv/bin/pytest"]) {
    const found = host.find(name);
    assert.deepEqual([found.path, found.prefixes], [path.join(host.root, "ws", name), [python]]);
  }
});

test("what is not there is not found, what is not executable cannot be executed", () => {
  using host = openHost();
  for (const name of [
    "no-such-program",
    "./no-such",
    "/no/such",
    "./dangling",
    "./local.sh/x",
    "x".repeat(300),
  ])
    assert.throws(() => host.find(name), { code: "command-not-found" }, name);
  for (const name of [`${host.root}/plain`, host.root, "/dev/null"])
    assert.throws(
      () => host.find(name),
      { code: "not-executable", message: new RegExp(name) },
      name,
    );
  makeTree(host.root, ["bin/early@644=", "bin/dir/x=", `late/early@755=${ELF}`]);
  assert.throws(() => host.find("early", { path: `${host.root}/bin` }), { code: "not-executable" });
  const path = `${host.root}/bin:${host.root}/late`;
  assert.equal(host.find("early", { path }).path, `${host.root}/late/early`);
  assert.throws(() => host.find("dir", { path }), { code: "command-not-found" });
  assert.throws(() => host.find(""), { code: "usage" });
});

test("an interpreter that is missing is named; one whose name is not there inside is hidden", () => {
  using host = openHost();
  makeTree(host.root, [
    "srv/s/missing@755=#!/no/such/interpreter\n",
    `srv/s/aliased@755=#!${host.root}/alias/tool/bin/x\n`,
    `srv/s/loop@755=#!${host.root}/srv/s/loop\n`,
    "alias->srv",
  ]);
  assert.throws(() => host.find(`${host.root}/srv/s/missing`), {
    message: /no\/such\/interpreter/,
  });
  assert.throws(() => host.find(`${host.root}/srv/s/aliased`), {
    code: "command-not-found",
    message: /alias\/tool\/bin\/x/,
  });
  assert.throws(() => host.find(`${host.root}/srv/s/loop`), { code: "not-executable" });
});
