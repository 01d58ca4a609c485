import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { isBrief } from "../support/is-brief.js";
import { writeHostImage } from "../support/host-image.js";
import {
  openPrivateDocker,
  type PrivateDocker,
  skipWithoutDocker,
} from "../support/private-docker.js";
import { projectRoot } from "../support/project-root.js";
import { openTempDir, type TempDir } from "../support/temp-tree.js";

/** The user of the controller's container. */
const USER = 1000;
const BASE = `sbx-test/base:${process.pid}`;
const PROJECT = `sbxcompose${process.pid}`;

/** Debian's packages of a base image that is made of this host: what the controller and npm need. */
const PACKAGES =
  "bash dash coreutils findutils sed grep perl-base crun git nodejs passwd util-linux apt".split(
    " ",
  );

// As root only: the image is made of the host's files with their owners.
const skip =
  process.getuid?.() === 0 ? skipWithoutDocker() : "only root makes an image of the host's files";

describe("docker-compose", { skip }, () => {
  let temp: TempDir;
  let docker: PrivateDocker;
  let checkout: string;
  let workspaces: string;

  const compose = (args: readonly string[], files: readonly string[] = []): string => {
    const all = ["docker-compose.yml", ...files].flatMap((file) => ["-f", file]);
    const { status, stdout, stderr, error } = spawnSync(
      "docker-compose",
      ["--ansi=never", "-p", PROJECT, ...all, ...args],
      {
        cwd: checkout,
        env: {
          PATH: process.env["PATH"],
          HOME: temp.path,
          ...docker.env,
          SANDBOX_BASE_IMAGE: BASE,
          SANDBOX_WORKSPACES: workspaces,
        },
        encoding: "utf8",
        timeout: 180_000,
      },
    );
    assert.equal(
      status,
      0,
      `docker-compose ${args.join(" ")}\n${String(error ?? "")}${stdout}${stderr}`,
    );
    return stdout;
  };
  const inController = (script: string): string =>
    compose(["exec", "-T", "controller", "sh", "-c", script]);

  before(async () => {
    temp = openTempDir();
    docker = await openPrivateDocker();
    checkout = path.join(temp.path, "checkout");
    workspaces = path.join(temp.path, "workspaces");
    copyCheckout(checkout);
    mkdirSync(path.join(workspaces, "app"), { recursive: true });
    writeFileSync(path.join(workspaces, "app/old.txt"), "old\n");
    for (const made of [workspaces, `${workspaces}/app`, `${workspaces}/app/old.txt`])
      chownSync(made, USER, USER);
    importBase(docker, temp.path);
  });

  after(async () => {
    try {
      compose(["down", "--volumes", "--remove-orphans"]);
      docker.docker(["image", "rm", "--force", "sandbox/controller", BASE, `${BASE}-raw`]);
      docker.docker(["image", "prune", "--force", "--filter", "label=io.github.sandbox.compose"]);
    } finally {
      await docker[Symbol.asyncDispose]();
      temp[Symbol.dispose]();
    }
  });

  test("the file is one that docker-compose takes", () => {
    assert.match(compose(["config"]), /controller:/);
    assert.match(compose(["config", "--services"]), /^controller$/m);
  });

  test("the controller comes up as an ordinary user without capabilities, and says that it is ready", async () => {
    compose(["up", "-d", "--build", "controller"]);
    const log = await waitForLog(() => compose(["logs", "--no-color", "controller"]), "ready");
    assert.match(log, /engine oci with crun .*: works/);
    const status = inController("cat /proc/self/status; id -u");
    assert.match(status, /^CapEff:\s+0+$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.match(status, new RegExp(`^${USER}$`, "m"));
    assert.match(inController("cat /proc/net/dev"), /lo:/);
    assert.doesNotMatch(inController("cat /proc/net/dev"), /eth0:/, "it has no network");
    assert.match(inController("ls /var/run/docker.sock 2>&1 || true"), /No such file/);
  });

  test("a team member runs a task in it, sees the changes and commits them to the shared directory", () => {
    inController(
      "sandbox run --dir /workspaces/app -- sh -c 'echo hello > hello.txt; rm old.txt; id -u'",
    );
    assert.equal(
      existsSync(path.join(workspaces, "app/hello.txt")),
      false,
      "not before the commit",
    );
    assert.match(
      inController("sandbox diff latest --name-status"),
      /A\s+hello\.txt\n.*D\s+old\.txt/s,
    );
    inController("sandbox commit latest --yes");
    assert.equal(readFileSync(path.join(workspaces, "app/hello.txt"), "utf8"), "hello\n");
    assert.equal(existsSync(path.join(workspaces, "app/old.txt")), false);
  });

  test("what it knows outlives its container", () => {
    compose(["up", "-d", "--force-recreate", "controller"]);
    assert.match(inController("sandbox ls --all"), /committed/);
    inController("sandbox rollback latest");
    assert.equal(existsSync(path.join(workspaces, "app/old.txt")), true);
  });

  const isLong = isBrief && "it builds another image and runs tests: npm test -- compose";
  test("the test service runs the checkout's tests", { skip: isLong }, () => {
    const files = canBePrivileged() ? [] : [writeOverride(checkout)];
    const output = compose(
      ["run", "--rm", "-T", "test", "npm", "test", "--", "review/assess-risks"],
      files,
    );
    assert.match(output, /# pass [1-9]/);
    assert.match(output, /# fail 0/);
  });
});

/** The checkout as a person has it, with what was built; tests run in it must not touch ours. */
function copyCheckout(to: string): void {
  mkdirSync(to);
  // node_modules by hard links: nothing in there is written to.
  assert.equal(spawnSync("cp", ["-al", path.join(projectRoot, "node_modules"), to]).status, 0);
  const left = new Set([".git", ".bench", "dist", "node_modules"]);
  cpSync(projectRoot, to, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    filter: (file) => !left.has(path.relative(projectRoot, file)),
  });
  cpSync(path.join(projectRoot, "dist/sandbox"), path.join(to, "dist/sandbox"), {
    recursive: true,
  });
  chmodSync(to, 0o755);
}

function importBase(docker: PrivateDocker, dir: string): void {
  const archive = path.join(dir, "base.tar");
  writeHostImage(archive, {
    packages: PACKAGES,
    // npm may have been brought up to date over what its package holds.
    directories: ["/usr/lib/node_modules/npm"],
  });
  docker.docker([
    "import",
    "-c",
    "ENV PATH=/usr/local/bin:/usr/bin:/usr/sbin",
    archive,
    `${BASE}-raw`,
  ]);
  const users = `root:x:0:0::/root:/bin/bash\\nagent:x:${USER}:${USER}::/home/agent:/bin/bash\\n`;
  const groups = `root:x:0:\\nagent:x:${USER}:\\n`;
  const dockerfile = [
    `FROM ${BASE}-raw`,
    `RUN printf '${users}' > /etc/passwd && printf '${groups}' > /etc/group && chmod 1777 /tmp`,
    `RUN install -d -o ${USER} -g ${USER} /home/agent`,
  ].join("\n");
  docker.docker(["build", "-t", BASE, "-"], Buffer.from(dockerfile));
}

async function waitForLog(read: () => string, text: string): Promise<string> {
  for (let tries = 0; tries < 120; tries += 1) {
    const log = read();
    if (log.includes(text)) return log;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`the log never says ${text}:\n${read()}`);
}

/** Privileged containers of root get every capability there is: a machine whose root lacks one cannot start them. */
function canBePrivileged(): boolean {
  const last = Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8"));
  const bounding = /^CapBnd:\s+([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return BigInt(`0x${bounding}`) === (1n << BigInt(last + 1)) - 1n;
}

function writeOverride(checkout: string): string {
  const text = `version: "3.8"\nservices:\n  test:\n    privileged: false\n    cap_add: [SYS_ADMIN]\n`;
  writeFileSync(path.join(checkout, "override.yml"), text);
  return "override.yml";
}
