import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Engine } from "../../src/engine/engine.js";
import { clearEngine, openTestDockerEngine } from "../support/docker-engine.js";
import { writeHostImage } from "../support/host-image.js";
import { skipWithoutDocker } from "../support/private-docker.js";
import { openRemoteDocker, type RemoteDocker } from "../support/remote-docker.js";
import { makeTree, openTempDir } from "../support/temp-tree.js";
import { describeEngine } from "./engine-suite.js";
import { DOCKER_REMOTE } from "./lacks.js";
import { describeNetworkRefusal } from "./suite-network.js";

const skip =
  skipWithoutDocker() || (process.getuid?.() === 0 ? false : "only root starts another daemon");
const IMAGE = "sbx-test/suite:1";
/** What the programs of the cases come from. */
const PACKAGES =
  "base-files bash coreutils dash findutils grep hostname libc-bin mawk ncurses-bin python3-minimal python3 sed util-linux";

/** `engine`, with every sandbox in the image. */
function inImage(engine: Engine): Engine {
  return {
    ...engine,
    start: async (spec, options) => {
      const { image } = await engine.resolveImage(IMAGE);
      return engine.start({ ...spec, image }, options);
    },
  };
}

/** What no file of a package is: Debian makes it when it is installed. */
function addUsers(archive: string): void {
  using temp = openTempDir();
  makeTree(temp.path, [
    "etc/passwd=root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
    "etc/group=root:x:0:\nnogroup:x:65534:\n",
  ]);
  const owners = ["--owner=0", "--group=0"];
  const added = spawnSync("tar", [
    "-rf",
    archive,
    ...owners,
    "-C",
    temp.path,
    "etc/passwd",
    "etc/group",
  ]);
  if (added.status !== 0) throw new Error(String(added.stderr));
}

describe("a daemon that sees another filesystem, over TLS", { skip }, () => {
  const home = openTempDir();
  let remote: RemoteDocker;
  const open = () => {
    const env = { ...remote.env, DOCKER_HOST: remote.address };
    return openTestDockerEngine({ home: home.path, env, runtime: "runc" });
  };
  before(async () => {
    remote = await openRemoteDocker();
    const file = path.join(home.path, "image.tar");
    writeHostImage(file, { packages: PACKAGES.split(" "), directories: [] });
    addUsers(file);
    remote.docker(["import", "-", IMAGE], readFileSync(file));
  });
  after(async () => {
    await clearEngine(open());
    await remote[Symbol.asyncDispose]();
    home[Symbol.dispose]();
  });
  test("over ssh: a task gets its input, and its output, exit code and changes come back", () => {
    const inHome =
      'mount -t tmpfs -o mode=0700 tmpfs /root && cp -r "$1" /root/.ssh && shift && exec "$@"';
    const child = fileURLToPath(new URL("./ssh-engine-child.js", import.meta.url));
    const argv = [remote.sshHome, process.execPath, child, remote.ssh, IMAGE];
    const { stdout, stderr } = spawnSync(
      "unshare",
      ["--mount", "sh", "-c", inHome, "sh", ...argv],
      {
        encoding: "utf8",
        timeout: 200_000,
        env: { PATH: process.env["PATH"] },
      },
    );
    const said = { outcome: { outcome: "exited", code: 7 }, stdout: "typed\n", stderr: "err\n" };
    assert.equal(stdout, `${JSON.stringify({ ...said, upper: ["made=new\n"] })}\n`, stderr);
  });

  describeEngine("docker engine with a remote daemon", () => inImage(open()), {
    lacks: DOCKER_REMOTE,
    isOneOfMany: true,
  });
  describeNetworkRefusal(
    "docker engine with a remote daemon",
    () => inImage(open()),
    /needs a local daemon, and not tcp:/,
  );
});
