import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import {
  install,
  launch,
  plainEnv,
  plant,
  plantedThatRan,
  type Witnessed,
  witnessed,
} from "../support/fake-installation.js";
import { openPlainUser } from "../support/plain-user.js";

const isRoot = process.getuid?.() === 0;
const rootOnly = isRoot ? {} : { skip: "hides programs in a mount namespace: only as root" };

test("set-up happens once, under a lock, with one line, and keeps stdout clean", async () => {
  using installed = install("checkout");
  const runs = [0, 1, 2, 3].map(async () => {
    const child = spawn(installed.launcher, ["ls", "--json"], {
      env: plainEnv,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { stdout, stderr };
  });
  const outputs = await Promise.all(runs);
  for (const { stdout } of outputs)
    assert.deepEqual((JSON.parse(stdout) as Witnessed).argv, ["ls", "--json"]);
  assert.equal(readFileSync(path.join(installed.root, "builds"), "utf8"), "built\n");
  const said = outputs.map(({ stderr }) => stderr).join("");
  assert.equal(said.match(/first run: /g)?.length, 1, said);
});

test("a build older than the checkout's last movement is made again, a newer one is not", () => {
  using installed = install("checkout");
  const builds = () =>
    readFileSync(path.join(installed.root, "builds"), "utf8").split("\n").length - 1;
  const reflog = path.join(installed.root, ".git", "logs", "HEAD");
  writeFileSync(reflog, "");
  utimesSync(reflog, 1, 1);
  witnessed(launch(installed.launcher, ["ls"]));
  witnessed(launch(installed.launcher, ["ls"]));
  assert.equal(builds(), 1);
  utimesSync(reflog, new Date(Date.now() + 5_000), new Date(Date.now() + 5_000));
  witnessed(launch(installed.launcher, ["ls"]));
  assert.equal(builds(), 2);
});

test("SANDBOX_NO_SETUP=1 installs nothing and tells the command, as JSON where asked", () => {
  using installed = install("checkout");
  const env = { SANDBOX_NO_SETUP: "1" };
  const plain = launch(installed.launcher, ["run", "--", "true"], { env });
  assert.equal(plain.status, 125);
  assert.equal(plain.stdout, "");
  assert.match(
    plain.stderr,
    /SANDBOX_NO_SETUP=1 forbids[^\n]*\n {2}hint: run: sh .*setup\.sh program\n$/,
  );
  const json = launch(installed.launcher, ["run", "--json", "--", "true"], { env });
  assert.equal(json.status, 125);
  assert.equal(
    (JSON.parse(json.stdout) as { error: { code: string } }).error.code,
    "sandbox-unavailable",
  );
  const after = launch(installed.launcher, ["run", "--", "cat", "--json"], { env });
  assert.equal(after.stdout, "", "an option of the task's is none of ours");
  assert.equal(existsSync(path.join(installed.root, "dist")), false);
});

/** Whatever a set-up may call by name. */
const TOOLS =
  `dirname sed tr tail id sudo npm node touch mkdir mktemp rm mv cat flock readlink env sh true
  apt-get dnf apk pacman zypper perl crun`.split(/\s+/);

/** Gives a checkout an npm package to install that needs no network. */
function addPackage(root: string): void {
  const dependencies = { koffi: "file:stub" };
  const packages = {
    "": { name: "x", version: "1.0.0", dependencies },
    stub: { name: "koffi", version: "1.0.0" },
    "node_modules/koffi": { resolved: "stub", link: true },
  };
  const lock = { name: "x", version: "1.0.0", lockfileVersion: 3, requires: true, packages };
  mkdirSync(path.join(root, "stub"));
  writeFileSync(path.join(root, "stub", "package.json"), JSON.stringify(packages.stub));
  writeFileSync(path.join(root, "package.json"), JSON.stringify(packages[""]));
  writeFileSync(path.join(root, "package-lock.json"), JSON.stringify(lock));
  utimesSync(path.join(root, "node_modules", ".package-lock.json"), 1, 1);
}

test("set-up runs no program from the caller's PATH, and remembers its Node", () => {
  using installed = install("checkout");
  const { base, root, launcher } = installed;
  const project = path.join(base, "proj");
  const bin = path.join(project, "bin");
  plant(bin, TOOLS);
  addPackage(root);
  const options = { env: { PATH: `${bin}:${plainEnv.PATH}`, HOME: base }, cwd: project };
  const told = launch(launcher, ["ls", "--json"], {
    ...options,
    env: { ...options.env, SANDBOX_NO_SETUP: "1" },
  });
  const { error } = JSON.parse(told.stdout) as { error: { hint: string } };
  assert.equal(error.hint, `run: sh ${root}/scripts/setup.sh program`);
  assert.deepEqual(plantedThatRan(bin), []);
  const script = path.join(root, "scripts", "setup.sh");
  const asked = spawnSync("/bin/sh", [script, "program"], { ...options, encoding: "utf8" });
  assert.equal(asked.status, 0, asked.stderr);
  assert.match(asked.stderr, /installing npm packages/);
  assert.deepEqual(plantedThatRan(bin), []);
  const remembered = readFileSync(path.join(root, "dist", "node-path"), "utf8");
  assert.equal(remembered, `${realpathSync(process.execPath)}\n`);
  utimesSync(path.join(root, "node_modules", ".package-lock.json"), 1, 1);
  utimesSync(path.join(root, "dist", "sandbox", "version"), 1, 1);
  const launched = launch(launcher, ["ls"], options);
  assert.deepEqual(witnessed(launched).argv, ["ls"]);
  assert.match(launched.stderr, /installing npm packages/);
  assert.deepEqual(plantedThatRan(bin), []);
  spawnSync("/bin/sh", ["-c", "dirname x; sed; npm"], options);
  assert.deepEqual(plantedThatRan(bin).toSorted(), ["dirname", "npm", "sed"], "control");
});

test("a Node in a project is used where that is no workspace, but not remembered", () => {
  using installed = install("checkout");
  const { base, root, launcher } = installed;
  const folders = [path.join(base, ".manager", "bin"), path.join(base, "proj", "bin")];
  const pretend = `#!/bin/sh\n[ "$1" != -p ] || { echo "20 $0"; exit; }\nexec ${process.execPath} "$@"\n`;
  const remembered = folders.map((bin) => {
    mkdirSync(bin, { recursive: true });
    mkdirSync(path.join(bin, "..", ".git"));
    writeFileSync(path.join(bin, "node"), pretend, { mode: 0o755 });
    symlinkSync("/bin/true", path.join(bin, "npm"));
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    rmSync(path.join(root, "dist"), { recursive: true, force: true });
    witnessed(launch(launcher, ["ls"], { env }));
    return existsSync(path.join(root, "dist", "node-path"));
  });
  assert.deepEqual(remembered, [true, false]);
});

test("a Node that is too old is named", () => {
  using installed = install("checkout");
  const old = path.join(installed.base, "old");
  mkdirSync(old);
  writeFileSync(path.join(old, "node"), "#!/bin/sh\necho 18\n", { mode: 0o755 });
  const result = launch(installed.launcher, ["ls"], { env: { PATH: `${old}:/usr/bin:/bin` } });
  assert.equal(result.status, 125);
  assert.match(result.stderr, /old\/node is Node 18; 20 or newer is needed/);
});

test("a failed build is told with its reason, and the exit is 125", () => {
  using installed = install("checkout");
  writeFileSync(
    path.join(installed.root, "scripts", "build.mjs"),
    `throw new Error("no such luck");\n`,
  );
  const result = launch(installed.launcher, ["ls"]);
  assert.equal(result.status, 125);
  assert.match(result.stderr, /no such luck[\s\S]*sandbox: the build failed/);
  assert.equal(result.stdout, "");
});

/** Runs the launcher where neither crun nor runc are; `$APT` stands in for apt-get where it is given. */
function launchWithoutRuntime(command: readonly string[], apt?: string): SpawnSyncReturns<string> {
  const script = `
    for file in /usr/bin/crun /usr/sbin/runc /usr/bin/runc /usr/local/bin/crun /usr/local/sbin/runc; do
      [ ! -e "$file" ] || mount --bind /dev/null "$file"
    done
    [ -z "$APT" ] || mount --bind "$APT" /usr/bin/apt-get
    exec "$@"`;
  return spawnSync("unshare", ["-m", "sh", "-c", script, "sh", ...command], {
    encoding: "utf8",
    env: { ...plainEnv, PATH: `${plainEnv.PATH}:/usr/sbin:/sbin`, APT: apt ?? "" },
    cwd: "/",
  });
}

test(
  "without a runtime and without root, the command to run is told; other commands work",
  rootOnly,
  () => {
    using installed = install("built");
    using user = openPlainUser();
    const run = launchWithoutRuntime(user.command([installed.launcher, "run", "--", "true"]));
    assert.equal(run.status, 125, run.stderr);
    assert.match(
      run.stderr,
      /missing: crun\n {2}hint: run: sudo apt-get install -y --no-install-recommends crun uidmap\n/,
    );
    const ls = launchWithoutRuntime(user.command([installed.launcher, "ls"]));
    assert.deepEqual(witnessed(ls).argv, ["ls"]);
  },
);

test("without a runtime, no sudo or package manager of the caller's PATH is run", rootOnly, () => {
  using installed = install("built");
  using user = openPlainUser();
  const bin = path.join(installed.base, "proj", "bin");
  plant(bin, TOOLS);
  const project = path.join(installed.base, "proj");
  const env = ["/usr/bin/env", `--chdir=${project}`, `PATH=${bin}:${plainEnv.PATH}`];
  const command = user.command([...env, installed.launcher, "run", "--", "true"]);
  const run = launchWithoutRuntime(command);
  assert.equal(run.status, 125, run.stderr);
  assert.match(run.stderr, /missing: crun\n {2}hint: run: sudo apt-get install /);
  assert.deepEqual(plantedThatRan(bin), []);
  launchWithoutRuntime(user.command([...env, "sudo", "-n", "true"]));
  assert.deepEqual(plantedThatRan(bin), ["sudo"], "control");
});

test("without a runtime, root installs one by the package manager, once", rootOnly, () => {
  using installed = install("built");
  const apt = path.join(installed.base, "apt-get");
  const log = path.join(installed.base, "apt.log");
  writeFileSync(apt, `#!/bin/sh\necho "$@" >>"${log}"\numount /usr/bin/crun\n`, { mode: 0o755 });
  const command = [
    "sh",
    "-c",
    '"$0" run --json -- true && "$0" run --json -- true >/dev/null',
    installed.launcher,
  ];
  const result = launchWithoutRuntime(command, apt);
  assert.deepEqual(witnessed(result).argv, ["run", "--json", "--", "true"]);
  const calls = readFileSync(log, "utf8").trim().split("\n");
  assert.equal(calls.length, 1);
  assert.match(calls[0] ?? "", /install -y --no-install-recommends crun uidmap$/);
  assert.equal(result.stderr, "sandbox: first run: installing crun uidmap with apt-get\n");
});

test("a checkout that its user may not write to says so", rootOnly, () => {
  using installed = install("checkout");
  using user = openPlainUser();
  const result = user.run([installed.launcher, "ls"], { env: { PATH: plainEnv.PATH } });
  assert.equal(result.status, 125);
  assert.match(result.stderr, /is not writable for this user/);
});
