import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import {
  install,
  launch,
  onPath,
  plainEnv,
  plant,
  plantedThatRan,
  plantProject,
  witness,
  witnessed,
} from "../support/fake-installation.js";
import { openPlainUser } from "../support/plain-user.js";
import { projectRoot } from "../support/project-root.js";

const isRoot = process.getuid?.() === 0;

test("passes every argument on as it is", () => {
  using installed = install("built");
  const argv = ["ls", "", " ", "*", "$HOME", "a\nb", "--", "-rf", "\\", "'\""];
  assert.deepEqual(witnessed(launch(installed.launcher, argv)).argv, argv);
});

test("nothing that alters Node, the loader, Perl or a shell comes through; the rest does", () => {
  using installed = install("built");
  const marker = path.join(installed.base, "hostile.cjs");
  writeFileSync(marker, `require("fs").writeFileSync(${JSON.stringify(`${marker}.ran`)}, "");\n`);
  const hostile = {
    NODE_OPTIONS: `--require "${marker}"`,
    NODE_PATH: installed.base,
    NODE_V8_COVERAGE: `${installed.base}/coverage`,
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    LD_LIBRARY_PATH: installed.base,
    LD_AUDIT: "/nonexistent.so",
    LD_BIND_NOW: "1",
    GCONV_PATH: installed.base,
    GLIBC_TUNABLES: "glibc.malloc.check=0",
    PERL5OPT: "-Mnonexistent",
    PERL5LIB: installed.base,
    BASH_ENV: marker,
    ENV: marker,
    CDPATH: installed.base,
    SANDBOX_INVOKER_PATH: "/forged",
  };
  const kept = { NODE_EXTRA_CA_CERTS: "/nonexistent.pem", LANG: "C.UTF-8", OWN: "value" };
  const seen = witnessed(launch(installed.launcher, ["ls"], { env: { ...hostile, ...kept } }));
  for (const name of Object.keys(hostile).filter((name) => name !== "SANDBOX_INVOKER_PATH"))
    assert.equal(seen.env[name], undefined, name);
  for (const [name, value] of Object.entries(kept)) assert.equal(seen.env[name], value);
  assert.equal(seen.env["SANDBOX_INVOKER_PATH"], plainEnv.PATH);
  assert.equal(seen.env["PATH"], "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  assert.equal(existsSync(`${marker}.ran`), false);
  spawnSync(process.execPath, ["-e", "0"], { env: { NODE_OPTIONS: hostile.NODE_OPTIONS } });
  assert.equal(
    existsSync(`${marker}.ran`),
    true,
    "control: the option does run the file in a bare Node",
  );
});

test("finds itself through npm's links, other links and linked directories", () => {
  using installed = install("built");
  const { base, root, launcher } = installed;
  for (const folder of ["bin", "lib/node_modules/.bin", "other"])
    mkdirSync(path.join(base, folder));
  symlinkSync(
    "../lib/node_modules/sandbox-orchestrator/sandbox",
    path.join(base, "bin", "sandbox"),
  );
  symlinkSync("../sandbox-orchestrator/sandbox", path.join(base, "lib/node_modules/.bin/sandbox"));
  symlinkSync(path.join(base, "bin", "sandbox"), path.join(base, "other", "sbx"));
  symlinkSync(root, path.join(base, "folder"));
  for (const link of [
    "bin/sandbox",
    "lib/node_modules/.bin/sandbox",
    "other/sbx",
    "folder/sandbox",
  ])
    assert.deepEqual(witnessed(launch(path.join(base, link), ["ls"])).argv, ["ls"], link);
  assert.deepEqual(witnessed(launch("./sandbox", ["ls"], { cwd: root })).argv, ["ls"]);
  assert.deepEqual(witnessed(launch("sh", ["sandbox", "ls"], { cwd: root })).argv, ["ls"]);
  assert.deepEqual(witnessed(launch("/bin/sh", [launcher, "ls"])).argv, ["ls"]);
});

test("takes no Node from the current directory, a relative entry or node_modules/.bin", () => {
  using installed = install("built");
  const { base } = installed;
  const workspace = path.join(base, "work");
  const bin = path.join(workspace, "bin");
  const modules = path.join(base, "node_modules", ".bin");
  const tools = path.join(base, "tools");
  for (const place of [bin, modules, tools]) plant(place, ["node"]);
  for (const entry of [bin, "bin", ".", "", modules, `${base}/node_modules/./.bin`]) {
    const { stdout } = launch(installed.launcher, ["ls"], { env: onPath(entry), cwd: workspace });
    assert.notEqual(stdout, "planted\n", entry);
  }
  const control = launch(installed.launcher, ["ls"], { env: onPath(tools), cwd: workspace });
  assert.equal(control.stdout, "planted\n", "control: one from elsewhere is taken");
});

test("takes no Node from a workspace or the project around it, however either is spelled", () => {
  using installed = install("built");
  const { base, launcher } = installed;
  const { project, bin } = plantProject(installed);
  const [link, binLink] = [path.join(base, "link"), path.join(base, "bin-link")];
  symlinkSync(project, link);
  symlinkSync(bin, binLink);
  const cases: readonly [entry: string, cwd: string, args: readonly string[], pwd?: string][] = [
    [bin, path.join(project, "sub"), ["ls"]],
    [bin, path.join(project, "sub", "deep"), ["ls"]],
    [bin, "/", ["run", "--dir", project, "--", "true"]],
    [bin, base, ["run", "--dir", "proj", "--", "true"]],
    [bin, base, ["run", "--json", "--dir=proj/", "--", "true"]],
    [bin, "/", ["run", "--dir", path.join(project, "sub"), "--", "true"]],
    [bin, "/", ["run", "--dir", "/nonexistent", "--dir", link, "--", "true"]],
    [bin, link, ["ls"], link],
    [path.join(link, "bin"), project, ["ls"]],
    [binLink, project, ["ls"]],
    [`${base}/./proj/bin`, project, ["ls"]],
    [`${base}//proj/sub/../bin/`, project, ["ls"]],
  ];
  for (const [entry, cwd, args, pwd] of cases) {
    const env = { ...onPath(entry), ...(pwd === undefined ? {} : { PWD: pwd }) };
    const where = `${entry} in ${cwd}: ${args.join(" ")}`;
    assert.deepEqual(witnessed(launch(launcher, args, { env, cwd })).argv, args, where);
    assert.deepEqual(plantedThatRan(bin), [], where);
    const control = launch(launcher, ["ls"], { env: onPath(entry), cwd: "/" });
    assert.equal(control.stdout, "planted\n", `control: ${entry} is taken from elsewhere`);
    rmSync(path.join(bin, "node.ran"));
  }
});

test("what follows -- makes no workspace, nor do / and HOME", () => {
  using installed = install("built");
  const { base, launcher } = installed;
  const { project, bin } = plantProject(installed);
  const env = onPath(bin);
  const task = ["run", "--", "true", "--dir", project];
  assert.equal(launch(launcher, task, { env }).stdout, "planted\n");
  assert.equal(launch(launcher, ["run", "--dir", "/", "--"], { env }).stdout, "planted\n");
  const home = { ...env, HOME: base };
  assert.equal(launch(launcher, ["ls"], { env: home, cwd: base }).stdout, "planted\n");
  witnessed(launch(launcher, ["ls"], { env: { ...home, HOME: "/" }, cwd: base }));
});

test("takes no Node that is a link into a workspace", () => {
  using installed = install("built");
  const { base, launcher } = installed;
  const { project, bin } = plantProject(installed);
  const tools = path.join(base, "tools");
  mkdirSync(tools);
  symlinkSync(path.join(bin, "node"), path.join(tools, "node"));
  const env = onPath(tools);
  witnessed(launch(launcher, ["ls"], { env, cwd: project }));
  assert.equal(launch(launcher, ["ls"], { env }).stdout, "planted\n", "control");
  rmSync(path.join(tools, "node"));
  symlinkSync(process.execPath, path.join(tools, "node"));
  const linked = launch(launcher, ["ls"], { env: { PATH: tools }, cwd: project });
  assert.deepEqual(witnessed(linked).argv, ["ls"], "a link to a Node elsewhere is one");
});

test("takes the Node that set-up remembered, unless it is gone or lies in a workspace", () => {
  using installed = install("built");
  const { base, root, launcher } = installed;
  const { project, bin } = plantProject(installed);
  const remember = (file: string) => writeFileSync(path.join(root, "dist/node-path"), `${file}\n`);
  const tools = path.join(base, "tools");
  plant(tools, ["node"]);
  const env = onPath(tools);
  assert.equal(launch(launcher, ["ls"], { env }).stdout, "planted\n", "control");
  remember(process.execPath);
  witnessed(launch(launcher, ["ls"], { env }));
  remember("/nonexistent/node");
  assert.equal(launch(launcher, ["ls"], { env }).stdout, "planted\n");
  remember(path.join(bin, "node"));
  witnessed(launch(launcher, ["ls"], { cwd: project }));
  assert.deepEqual(plantedThatRan(bin), []);
  assert.equal(launch(launcher, ["ls"]).stdout, "planted\n", "control: it was remembered");
});

test("starts no program but Node when all is set up", {
  skip: !existsSync("/usr/bin/strace") && "no strace",
}, () => {
  using installed = install("built");
  const args = [
    "-f",
    "-qq",
    "-e",
    "trace=execve",
    "-e",
    "status=successful",
    installed.launcher,
    "run",
    "--",
    "true",
  ];
  const result = spawnSync("/usr/bin/strace", args, { encoding: "utf8", env: plainEnv });
  const started = [...result.stderr.matchAll(/execve\("([^"]*)"/g)].map(([, file]) => file);
  assert.deepEqual(started, [installed.launcher, process.execPath], result.stderr);
});

test("bundles are compiled once: what the first run leaves is used, and what is damaged is not", () => {
  using installed = install("built");
  const folder = path.join(installed.root, "dist", "sandbox");
  copyFileSync(path.join(projectRoot, "scripts", "start.cjs"), path.join(folder, "start.cjs"));
  writeFileSync(path.join(folder, "cli-main.cjs"), `require("./part.cjs");`);
  writeFileSync(path.join(folder, "part.cjs"), witness);
  const caches = () => readdirSync(folder).filter((name) => name.includes(".cache"));
  witnessed(launch(installed.launcher, ["ls"]));
  assert.deepEqual(caches(), ["part.cjs.cache"], "the main bundle's waits for a run");
  witnessed(launch(installed.launcher, ["run"]));
  assert.deepEqual(caches(), ["cli-main.cjs.cache", "part.cjs.cache"]);
  const cache = path.join(folder, "cli-main.cjs.cache");
  const { ino } = statSync(cache);
  assert.deepEqual(witnessed(launch(installed.launcher, ["run"])).argv, ["run"]);
  assert.equal(statSync(cache).ino, ino, "used, not written again");
  writeFileSync(cache, "damaged");
  assert.deepEqual(witnessed(launch(installed.launcher, ["run"])).argv, ["run"]);
  assert.notEqual(readFileSync(cache, "utf8"), "damaged");
});

test("an installation that is not the user's to write to is run as it is", {
  skip: !isRoot && "needs another user's files",
}, () => {
  using installed = install("built");
  using user = openPlainUser();
  const folder = path.join(installed.root, "dist", "sandbox");
  copyFileSync(path.join(projectRoot, "scripts", "start.cjs"), path.join(folder, "start.cjs"));
  writeFileSync(path.join(folder, "cli-main.cjs"), witness);
  const result = user.run([installed.launcher, "run"], { env: { PATH: plainEnv.PATH } });
  assert.equal(result.status, 0, result.stderr);
  assert.equal(result.stderr, "");
  assert.deepEqual(readdirSync(folder).sort(), ["cli-main.cjs", "start.cjs", "version"]);
});
