import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isBrief } from "../support/is-brief.js";
import { openHttpServer } from "../support/http-server.js";
import { openPerson, type Person } from "../support/person.js";

const KINDS: readonly Person["kind"][] =
  process.getuid?.() === 0 && !isBrief ? ["root", "plain user"] : ["plain user"];

/** A host of packages and repositories, in a process of its own. */
interface PackageHost extends Disposable {
  readonly port: number;
  readonly dir: string;
  seen(): readonly string[];
}

async function openPackageHost(): Promise<PackageHost> {
  const dir = mkdtempSync(path.join(tmpdir(), "sbx-packages-"));
  makePackages(dir);
  const file = path.join(dir, "seen");
  const fd = openSync(file, "w");
  const script = fileURLToPath(new URL("./packages-child.js", import.meta.url));
  const child = spawn(process.execPath, [script, dir], { stdio: ["ignore", fd, "inherit"] });
  closeSync(fd);
  const lines = (): readonly string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);
  while (lines().length === 0 && child.exitCode === null) await delay(10);
  return {
    port: Number(lines()[0]),
    dir,
    seen: () => lines().slice(1),
    [Symbol.dispose]: () => {
      child.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const PACKAGES = `set -e
git init -q --bare -b main repo.git
git init -q -b main work && cd work
git config user.email a@b.c && git config user.name n
echo one > one && git add one && git commit -qm one && git push -q ../repo.git main
cd .. && rm -rf work && tar -czf dep.tgz package`;

function makePackages(dir: string): void {
  writeFileSync(path.join(dir, "file"), "the file\n");
  mkdirSync(path.join(dir, "package"));
  writeFileSync(path.join(dir, "package/package.json"), '{"name": "dep", "version": "1.0.0"}');
  writeFileSync(path.join(dir, "package/index.js"), 'module.exports = "from dep";\n');
  const { status, stderr } = spawnSync("sh", ["-c", PACKAGES], { cwd: dir, encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

/** `direct` is a name that clients take out of the proxy, `proxied` an address they do not. */
function toScript(direct: string, proxied: string, refused: string): string {
  return `set -e
git clone -q http://${proxied}/repo.git r && cd r && cat one
git config user.email a@b.c && git config user.name n
echo two > two && git add two && git commit -qm two && git push -q origin main && echo pushed
git clone -q http://${direct}/repo.git ../again && cat ../again/two
cd .. && python3 -c 'import urllib.request; print(urllib.request.urlopen("http://${proxied}/file").read())'
/usr/lib/apt/apt-helper download-file http://${proxied}/file fetched >/dev/null && cat fetched
node -e 'fetch("http://${direct}/file").then((r) => r.text()).then((t) => console.log("fetch", t))'
npm_config_registry=http://${proxied} npm install --no-audit --no-fund --silent dep && node -p 'require("dep")'
set +e
git -C r push -q http://${refused}/repo.git main 2>&1 | head -n 1; git -C r clone -q http://example.com/x.git 2>&1 | tail -n 1
python3 -c 'import urllib.request; urllib.request.urlopen("http://${refused}/file")' 2>&1 | tail -n 1`;
}

for (const kind of KINDS)
  test(`${kind}: git, npm, apt, Python and Node reach what is allowed through the gateway, and nothing else`, async () => {
    using person = openPerson(kind);
    using host = await openPackageHost();
    using other = await openHttpServer("127.0.0.2");
    const [direct, proxied] = [`localhost:${host.port}`, `127.0.0.2:${host.port}`];
    const ran = person.sandbox([
      ...["run", "--allow", direct, "--allow", proxied, "--", "sh", "-c"],
      toScript(direct, proxied, `127.0.0.2:${other.port}`),
    ]);
    const lines = ran.stdout.split("\n");
    assert.deepEqual(
      lines.slice(0, 8),
      ["one", "pushed", "two", "b'the file\\n'", "the file", "fetch the file", "", "from dep"],
      ran.stderr,
    );
    assert.match(ran.stdout, /remote: sandbox: 127\.0\.0\.2:\d+ is not allowed/, "git tells why");
    assert.match(ran.stdout, /unable to access 'http:\/\/example\.com\/x\.git\/'.*403/);
    assert.match(ran.stdout, /HTTP Error 403/);
    assert.deepEqual(other.seen(), []);
    for (const asked of ["GET /file", "GET /dep.tgz", "POST /repo.git/git-receive-pack"])
      assert.ok(host.seen().includes(asked), asked);
    const heads = spawnSync("git", ["-c", "safe.directory=*", "log", "--format=%s", "main"], {
      cwd: path.join(host.dir, "repo.git"),
      encoding: "utf8",
    });
    assert.equal(heads.stdout, "two\none\n", "what was pushed is there");
    const { sends } = person.sandboxJson(["show", "latest", "--network"]).json;
    const said = sends.map(
      (one: Record<string, unknown>) =>
        `${one["via"]} ${one["method"]} ${one["path"]} ${one["decision"]}`,
    );
    for (const line of [
      "http POST /repo.git/git-receive-pack allow",
      "direct GET /file allow",
      "http GET /dep.tgz allow",
      "http GET /file deny",
    ])
      assert.ok(said.includes(line), `${line}\n${said.join("\n")}`);
  });
