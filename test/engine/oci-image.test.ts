import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, describe, test } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { openOciEngine } from "../../src/engine/oci/open-oci-engine.js";
import { openEngineCase } from "../support/engine-case.js";
import {
  inHostLikeImage,
  writeBusyboxImage,
  writeHostLikeImage,
} from "../support/engine-images.js";
import { projectRoot } from "../support/project-root.js";
import { openTempDir, readTree } from "../support/temp-tree.js";
import { describeAccess } from "./suite-access.js";
import { describeLife } from "./suite-life.js";
import { describeMounts } from "./suite-mounts.js";
import { describeRootMounts } from "./suite-root-mounts.js";
import { describeNetwork } from "./suite-network.js";
import { describeSockets } from "./suite-sockets.js";

const shared = openTempDir();
after(() => shared[Symbol.dispose]());
const imagesDir = path.join(shared.path, "images");
const open = (runtime: "crun" | "runc"): Engine =>
  openOciEngine({
    cacheDir: path.join(shared.path, "cache"),
    profilesDir: path.join(projectRoot, "profiles"),
    imagesDir,
    runtime,
  });

const hostLike = writeHostLikeImage(shared.path);
const who = process.getuid?.() === 0 ? "as root" : "as a plain user";
// Filter, limits, terminal and programs meet nothing of an image: they are tried without one (oci-crun, oci-runc).
const PARTS = {
  crun: [
    ...[describeLife, describeAccess, describeMounts, describeRootMounts, describeSockets],
    describeNetwork,
  ],
  runc: [describeAccess, describeMounts, describeRootMounts],
};

for (const runtime of ["crun", "runc"] as const) {
  for (const part of PARTS[runtime])
    part(`oci engine with ${runtime} in an image, ${who}`, () =>
      inHostLikeImage(open(runtime), hostLike),
    );

  describe(`${runtime}: an image that has neither perl nor a C library, ${who}`, () => {
    const reference = writeBusyboxImage(shared.path);
    const inBusybox = async (
      script: string,
      more: { readonly mounts?: Parameters<typeof at>[0] } = {},
    ) => {
      using one = openEngineCase(open(runtime), { tree: ["f=real"] });
      const { image, env } = await open(runtime).resolveImage(reference);
      const result = await one.run({
        argv: ["sh", "-c", script],
        spec: { image, env: { ...env, HOME: "/home/tester" } },
        mounts: at(more.mounts ?? []),
      });
      return { ...result, tree: readTree(one.upper), real: readTree(one.workspace) };
    };

    test("a task works on the workspace, in the image's system, as its own user", async () => {
      const { stdout, stderr, tree, real, outcome } = await inBusybox(
        'cat f; cat /data/of-the-image; echo "$FROM_IMAGE $HOME $(id -un)"; hostname; echo new >g; cat /etc/passwd',
      );
      assert.deepEqual(outcome, { outcome: "exited", code: 0 }, stderr);
      assert.match(stdout, /^realimage\n1 \/home\/tester tester\nsandbox\ntester:x:/);
      assert.match(stdout, /^node:x:1000:/m);
      assert.deepEqual([tree, real], [["g=new\n"], ["f=real"]]);
    });

    test("nothing of the image can be written, and the store is as it was", async () => {
      const { image } = await open(runtime).resolveImage(reference);
      const rootfs = path.join(imagesDir, image.id.slice(7), "rootfs");
      const before = JSON.stringify(readTree(path.join(rootfs, "data")));
      const { stdout } = await inBusybox(
        "for f in /data/of-the-image /data/new /new /etc/passwd /.sandbox/new /run/new; do (echo x >$f) 2>/dev/null && echo wrote $f; done; rm -rf /data 2>/dev/null; ls /data; echo x >/tmp/ok && cat /tmp/ok",
      );
      assert.equal(stdout, "of-the-image\nx\n");
      assert.equal(JSON.stringify(readTree(path.join(rootfs, "data"))), before);
    });

    test("mounts get their places where the image has none, and hide no symbolic link of it", async () => {
      using dir = openTempDir();
      const file = path.join(dir.path, "shown");
      const { writeFileSync } = await import("node:fs");
      writeFileSync(file, "host\n");
      const to = (target: string) => inBusybox(`cat ${target}`, { mounts: [[file, target]] });
      for (const target of ["/opt/deep/er/file", "/data/beside", "/data/of-the-image"])
        assert.equal((await to(target)).stdout, "host\n");
      await assert.rejects(to("/linked/file"), /symbolic link at \/linked/);
      await assert.rejects(to("/data"), /the image has a directory at \/data/);
    });

    test("a program that is missing is 127, one that cannot be run 126", async () => {
      using one = openEngineCase(open(runtime));
      const { image } = await open(runtime).resolveImage(reference);
      const start = async (program: string) =>
        (await one.run({ argv: [program], spec: { image, env: { PATH: "/bin" } } })).outcome;
      for (const [program, code, reason] of [
        ["perl", 127, /perl: command not found in the sandbox/],
        ["/usr/bin/perl", 127, /not found/],
        ["not-executable", 126, /permission denied/],
        ["no-interpreter", 126, /interpreter \/bin\/bash is not in the sandbox/],
        ["/data", 126, /is a directory/],
      ] as const) {
        const outcome = await start(program);
        assert.ok(
          outcome.outcome === "not-started" && outcome.code === code,
          JSON.stringify(outcome),
        );
        assert.match(outcome.reason, reason);
      }
      assert.deepEqual(await start("env"), { outcome: "exited", code: 0 });
    });
  });
}

test("an image that is not in the store any more is told, and nothing runs", async () => {
  using one = openEngineCase(open("crun"));
  const image = { reference: "gone:1", id: `sha256:${"0".repeat(64)}` };
  await assert.rejects(one.run({ argv: ["true"], spec: { image } }), {
    code: "sandbox-unavailable",
    message: /gone:1 .* is not in the store/,
  });
});

test("the suites' image is an image", async () => {
  using one = openEngineCase(inHostLikeImage(open("crun"), hostLike));
  const { stdout } = await one.run("cat /etc/of-the-image; ls /.sandbox");
  assert.equal(stdout, "yes\nld.so\nlib\nperl\n");
  assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(shared.path));
});

function at(pairs: readonly (readonly [source: string, target: string])[]) {
  return pairs.map(([source, target]) => ({ kind: "readonly", source, target }) as const);
}
