import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { toHomeLabel } from "../../src/engine/docker/labels.js";
import { type DaemonProxy, openDaemonProxy, type Treatment } from "../support/daemon-proxy.js";
import { clearEngine, openTestDockerEngine } from "../support/docker-engine.js";
import { openEngineCase } from "../support/engine-case.js";
import {
  openPrivateDocker,
  type PrivateDocker,
  skipWithoutDocker,
} from "../support/private-docker.js";
import { openTempDir } from "../support/temp-tree.js";

const isRoot = process.getuid?.() === 0;

describe("a docker daemon with one thing wrong", { skip: skipWithoutDocker() }, () => {
  let docker: PrivateDocker;
  const home = openTempDir();
  const open = (env: Readonly<Record<string, string>>) =>
    openTestDockerEngine({ home: home.path, env, runtime: "runc" });
  before(async () => {
    docker = await openPrivateDocker();
  });
  after(async () => {
    await clearEngine(open(docker.env));
    await docker[Symbol.asyncDispose]();
    home[Symbol.dispose]();
  });

  const left = () =>
    docker.docker(["ps", "-aq", "-f", `label=io.github.sandbox.home=${toHomeLabel(home.path)}`]);

  const behind = (treat: (request: string) => Treatment): Promise<DaemonProxy> =>
    openDaemonProxy(docker, treat);

  for (const owner of isRoot ? (["task", "root"] as const) : (["task"] as const))
    it(`loses no work where the connection breaks as the task begins (workspace of ${owner})`, async () => {
      let started = "";
      await using proxy = await behind((request) => {
        const container = /^POST \S+\/containers\/(\w+)\/start$/.exec(request)?.[1];
        if (container === undefined || isHelper(docker, container)) return "pass";
        started = container;
        // The task comes to its end before anybody notices.
        return { cutAfter: () => void docker.docker(["wait", container]) };
      });
      const engine = open(proxy.env);
      using one = openEngineCase(engine, { tree: ["a=1"], owner });
      const argv = ["sh", "-c", "echo work > w; rm a"] as const;
      const { sandbox, spec, sandboxId } = await one.start({ argv, input: "" });
      await assert.rejects(sandbox.wait(), { code: "sandbox-unavailable" });
      await sandbox[Symbol.asyncDispose]();
      assert.notEqual(started, "", "control: it was started");
      await open(docker.env).settle({ spec, sandboxId, scratchDir: one.scratch });
      assert.deepEqual(readdirSync(one.upper).sort(), ["a", "w"]);
      assert.equal(readFileSync(path.join(one.upper, "w"), "utf8"), "work\n");
      assert.equal(left(), "");
    });

  it("that was never asked to begin leaves nothing", async () => {
    await using proxy = await behind((request) =>
      /^POST \S+\/containers\/\w+\/attach/.test(request) ? "cut" : "pass",
    );
    using one = openEngineCase(open(proxy.env));
    await assert.rejects(one.run("echo work > w"), { code: "sandbox-unavailable" });
    assert.deepEqual(readdirSync(one.upper), []);
    assert.equal(left(), "");
  });

  it("brings back what the task did where it goes away after the end and comes again", async () => {
    let cuts = 0;
    await using proxy = await behind((request) => {
      const container = /^DELETE \S+\/containers\/(\w+)/.exec(request)?.[1];
      if (container === undefined || isHelper(docker, container) || cuts > 0) return "pass";
      cuts += 1;
      return "cut";
    });
    using one = openEngineCase(open(proxy.env), { owner: isRoot ? "root" : "task" });
    const { outcome } = await one.run("echo work > w");
    assert.equal(outcome.outcome, "interrupted");
    assert.equal(cuts, 1, "control: it went away");
    assert.equal(readFileSync(path.join(one.upper, "w"), "utf8"), "work\n");
  });

  it("is refused where its API is too old, with the mend", async () => {
    await using proxy = await behind((request) =>
      request.endsWith("/_ping")
        ? { body: "OK", headers: { "Api-Version": "1.24", Server: "Docker/1.12.6 (linux)" } }
        : "pass",
    );
    using one = openEngineCase(open(proxy.env));
    await assert.rejects(one.run("true"), {
      code: "sandbox-unavailable",
      message: /is too old: Docker\/1\.12\.6 \(linux\) speaks API 1\.24/,
      hint: /Docker 20\.10 or later/,
    });
  });

  // As Podman 4.3.1 of Debian 12 answers.
  it("is refused where it is a Podman that takes no seccomp profile, with the mend", async () => {
    await using proxy = await behind((request) =>
      request.endsWith("/_ping")
        ? { body: "OK", headers: { "Api-Version": "1.41", Server: "Libpod/4.3.1 (linux)" } }
        : "pass",
    );
    using one = openEngineCase(open(proxy.env));
    await assert.rejects(one.run("true"), {
      code: "sandbox-unavailable",
      message: /Podman 4\.3\.1 at .* takes no seccomp profile/,
      hint: /--engine oci/,
    });
  });

  it("is refused where it has no seccomp, with the mend", async () => {
    await using proxy = await behind((request) =>
      request.endsWith("/info")
        ? { body: JSON.stringify({ SecurityOptions: ["name=cgroupns"] }) }
        : "pass",
    );
    using one = openEngineCase(open(proxy.env));
    await assert.rejects(one.run("true"), {
      code: "sandbox-unavailable",
      message: /applies no seccomp profiles/,
      hint: /CONFIG_SECCOMP_FILTER/,
    });
  });

  it("is used where nothing is wrong", async () => {
    await using proxy = await behind(() => "pass");
    using one = openEngineCase(open(proxy.env));
    assert.deepEqual((await one.run("exit 7")).outcome, { outcome: "exited", code: 7 });
  });
});

function isHelper(docker: PrivateDocker, container: string): boolean {
  const format = '{{index .Config.Labels "io.github.sandbox.kind"}}';
  return docker.docker(["inspect", "-f", format, container]) !== "task";
}
