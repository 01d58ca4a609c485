import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { openEngineCase } from "../support/engine-case.js";
import { readTree } from "../support/temp-tree.js";
import { type CaseTest, plainTest } from "./case-test.js";

/** Workspaces, read-only places, hidden places. */
export function describeMounts(
  name: string,
  makeEngine: () => Engine,
  test: CaseTest = plainTest,
): void {
  describe(`${name}: mounts`, () => {
    test("writes land in the upperdir, the workspace stays as it is", async () => {
      using one = openEngineCase(makeEngine(), {
        tree: ["keep=1", "gone=2", "dir/inner=3", "change=4"],
      });
      const before = readTree(one.workspace);
      const { stdout, stderr } = await one.run(
        "echo more >>change; rm gone; mv dir moved; mkdir -p new/deep; echo n >new/deep/f; chmod 700 keep; cat change moved/inner; ls | xargs",
      );
      assert.equal(stderr, "");
      assert.equal(stdout, "4more\n3change keep moved new\n");
      assert.deepEqual(readTree(one.workspace), before);
      assert.ok(lstatSync(path.join(one.upper, "gone")).isCharacterDevice());
      assert.equal(lstatSync(path.join(one.upper, "gone")).rdev, 0);
      assert.equal(readFileSync(path.join(one.upper, "new/deep/f"), "utf8"), "n\n");
      assert.equal(lstatSync(path.join(one.upper, "keep")).mode & 0o777, 0o700);
    });

    test("a workspace with any character in its path", async () => {
      using base = openEngineCase(makeEngine());
      const at = path.join(base.dir, `-a b,c:d\\e"f'ünï`, "upperdir=x");
      mkdirSync(at, { recursive: true });
      for (const made of [path.dirname(at), at]) chmodSync(made, 0o755);
      using one = openEngineCase(makeEngine(), { at, tree: ["file=old"] });
      const { stdout, stderr } = await one.run("pwd; cat file; echo new >file");
      assert.equal(stderr, "");
      assert.equal(stdout, `${one.workspace}\nold`);
      assert.equal(readFileSync(path.join(one.upper, "file"), "utf8"), "new\n");
      assert.equal(readFileSync(path.join(one.workspace, "file"), "utf8"), "old");
    });

    test("the task reads no path of the layers in its mount table", async () => {
      using one = openEngineCase(makeEngine());
      const { stdout } = await one.run("cat /proc/self/mountinfo");
      assert.match(stdout, /overlay/);
      assert.ok(!stdout.includes(one.upper), stdout);
    });

    test("read-only: directories and files can be read, not written, at any depth", async () => {
      using one = openEngineCase(makeEngine());
      const tool = path.join(one.dir, "tool");
      mkdirSync(path.join(tool, "bin"), { recursive: true });
      writeFileSync(path.join(tool, "bin/run"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
      writeFileSync(path.join(one.dir, "single"), "one file");
      const { stdout } = await one.run({
        argv: [
          "sh",
          "-c",
          `${tool}/bin/run; cat ${one.dir}/single; (cd ${one.dir} && ls | xargs); for f in ${tool}/x ${tool}/bin/run ${one.dir}/single /usr/x /etc/x /x; do touch $f 2>/dev/null && echo "wrote $f"; done; chmod 777 ${tool} 2>/dev/null && echo chmod; echo end`,
        ],
        mounts: [
          { kind: "readonly", source: tool, target: tool },
          {
            kind: "readonly",
            source: path.join(one.dir, "single"),
            target: path.join(one.dir, "single"),
          },
        ],
      });
      assert.equal(stdout, "ran\none fileproject single tool\nend\n");
    });

    test("a file that appears in a read-only directory later is seen or not, but never writable", async () => {
      using one = openEngineCase(makeEngine());
      const dir = path.join(one.dir, "ro");
      mkdirSync(dir);
      writeFileSync(path.join(dir, "f"), "host");
      const { stdout } = await one.run({
        argv: ["sh", "-c", `cat ${dir}/f; rm ${dir}/f 2>/dev/null || echo kept`],
        mounts: [{ kind: "readonly", source: dir, target: dir }],
      });
      assert.equal(stdout, "hostkept\n");
      assert.ok(existsSync(path.join(dir, "f")));
    });

    test("hidden: a file and a directory of the workspace, without a trace in the upperdir", async () => {
      using one = openEngineCase(makeEngine(), {
        tree: [".env=SECRET", "keys/id=SECRET", "code=fine"],
      });
      const { stdout } = await one.run({
        argv: [
          "sh",
          "-c",
          "cat .env keys/id code 2>/dev/null; ls keys 2>/dev/null; cp .env copy 2>/dev/null; chmod 777 .env keys 2>/dev/null; cat .env 2>/dev/null; rm -f .env 2>/dev/null; mv keys away 2>/dev/null; echo end",
        ],
        mounts: [
          { kind: "hidden", target: path.join(one.workspace, ".env"), type: "file" },
          { kind: "hidden", target: path.join(one.workspace, "keys"), type: "dir" },
        ],
      });
      assert.equal(stdout, "fineend\n");
      assert.deepEqual(readTree(one.upper), []);
      assert.equal(readFileSync(path.join(one.workspace, ".env"), "utf8"), "SECRET");
    });

    test("a hidden path that does not exist, or lies behind a symlink, stops the start", async () => {
      using one = openEngineCase(makeEngine(), { tree: ["real/f=1", "link->real"] });
      for (const target of ["absent", "link/f"])
        await assert.rejects(
          one.run({
            argv: ["true"],
            mounts: [{ kind: "hidden", target: path.join(one.workspace, target), type: "file" }],
          }),
          { code: "sandbox-unavailable", message: new RegExp(target) },
        );
      assert.deepEqual(readTree(one.upper), []);
    });

    test("a source that is or holds a symlink is refused", async () => {
      using one = openEngineCase(makeEngine());
      mkdirSync(path.join(one.dir, "real"));
      spawnSync("ln", ["-s", "real", path.join(one.dir, "alias")]);
      await assert.rejects(
        one.run({
          argv: ["true"],
          mounts: [{ kind: "readonly", source: path.join(one.dir, "alias"), target: "/there" }],
        }),
        { code: "sandbox-unavailable", message: /alias/ },
      );
    });

    test("nothing is mounted over /proc, /dev or the root", async () => {
      using one = openEngineCase(makeEngine());
      for (const target of ["/", "/proc", "/dev/shm", "/proc/sys"])
        await assert.rejects(
          one.run({ argv: ["true"], mounts: [{ kind: "readonly", source: "/usr", target }] }),
          { name: "SandboxError", code: "usage" },
        );
    });

    test("several workspaces, one within a read-only directory", async () => {
      using one = openEngineCase(makeEngine(), { tree: ["f=first"] });
      using two = openEngineCase(makeEngine(), { tree: ["f=second"] });
      const { stdout, stderr } = await one.run({
        argv: [
          "sh",
          "-c",
          `cat f ${two.workspace}/f; echo x >${two.workspace}/f; echo y >f; touch ${two.dir}/no 2>/dev/null || echo refused`,
        ],
        mounts: [{ kind: "readonly", source: two.dir, target: two.dir }, two.overlay],
      });
      assert.equal(stderr, "");
      assert.equal(stdout, "firstsecondrefused\n");
      assert.equal(readFileSync(path.join(two.upper, "f"), "utf8"), "x\n");
      assert.equal(readFileSync(path.join(one.upper, "f"), "utf8"), "y\n");
    });

    test("symlinks and /proc lead nowhere outside", async () => {
      using one = openEngineCase(makeEngine(), { tree: [`out->../secret`, "abs->/etc/shadow"] });
      writeFileSync(path.join(one.dir, "secret"), "SECRET");
      const { stdout } = await one.run(
        `cat out abs /proc/self/root/${one.dir}/secret /proc/1/root/${one.dir}/secret /proc/1/cwd/../secret 2>/dev/null; ln ${one.dir}/secret hard 2>/dev/null; ls -d ${one.upper} ${one.scratch} 2>/dev/null; echo end`,
      );
      assert.equal(stdout, "end\n");
    });

    test("devices cannot be made", async () => {
      using one = openEngineCase(makeEngine());
      const { stdout } = await one.run(
        "mknod dev c 1 3 2>/dev/null || echo refused; mknod white c 0 0 2>/dev/null || echo refused; echo x >f",
      );
      assert.equal(stdout, "refused\nrefused\n");
      assert.deepEqual(readTree(one.upper), ["f=x\n"]);
    });

    test("a FIFO can be made, and is in the upperdir", async () => {
      using one = openEngineCase(makeEngine());
      const { stdout } = await one.run("mkfifo pipe && echo made");
      assert.equal(stdout, "made\n");
      assert.deepEqual(readTree(one.upper), ["pipe|"]);
    });
  });
}
