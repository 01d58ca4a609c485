import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { describe } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { openEngineCase } from "../support/engine-case.js";
import { type CaseTest, plainTest } from "./case-test.js";

const skip = process.getuid?.() === 0 ? false : "only root can mount and has files of root";

/** Mounts where root runs the tests. */
export function describeRootMounts(
  name: string,
  makeEngine: () => Engine,
  test: CaseTest = plainTest,
): void {
  describe(`${name}: root's mounts`, { skip }, () => {
    test("root's workspace, idmapped, is the task's to read and change", async () => {
      using one = openEngineCase(makeEngine(), {
        owner: "root",
        tree: ["private@600=root's", "other=x", "d@700/"],
      });
      chownSync(path.join(one.workspace, "other"), 12_345, 12_345);
      const { stdout, stderr } = await one.run(
        "cat private; echo more >>private; touch d/new; python3 -c 'import os; print(os.stat(\"other\").st_uid)'; id -u",
      );
      assert.equal(stderr, "");
      assert.equal(stdout, `root's12345\n${one.uid}\n`);
      const upper = lstatSync(path.join(one.upper, "private"));
      assert.deepEqual([upper.uid, upper.gid], [one.uid, one.gid]);
      assert.equal(readFileSync(path.join(one.workspace, "private"), "utf8"), "root's");
      assert.equal(lstatSync(path.join(one.workspace, "private")).uid, 0);
    });

    test("root's private files elsewhere stay unreadable", async () => {
      using one = openEngineCase(makeEngine(), { tree: ["mine=1"] });
      const shared = path.join(one.dir, "shared");
      mkdirSync(shared);
      writeFileSync(path.join(shared, "secret"), "SECRET", { mode: 0o600 });
      writeFileSync(path.join(shared, "open"), "open", { mode: 0o644 });
      writeFileSync(path.join(one.workspace, "secret"), "SECRET", { mode: 0o600 });
      const { stdout } = await one.run({
        argv: ["sh", "-c", `cat ${shared}/open; cat ${shared}/secret secret 2>/dev/null; echo end`],
        mounts: [{ kind: "readonly", source: shared, target: shared }],
      });
      assert.equal(stdout, "openend\n");
    });

    test("a read-only directory with mounts below shows them, and no socket", async () => {
      using one = openEngineCase(makeEngine());
      const shared = path.join(one.dir, "shared");
      mkdirSync(path.join(shared, "mounted"), { recursive: true });
      mkdirSync(path.join(shared, "beside"));
      writeFileSync(path.join(shared, "beside/f"), "beside");
      writeFileSync(path.join(shared, "top"), "top");
      spawnSync("mount", ["-t", "tmpfs", "tmpfs", path.join(shared, "mounted")]);
      try {
        writeFileSync(path.join(shared, "mounted/f"), "below", { mode: 0o644 });
        const server = createServer().listen(path.join(shared, "sock"));
        await once(server, "listening");
        const { stdout } = await one.run({
          argv: [
            "sh",
            "-c",
            `cd ${shared}; cat top mounted/f beside/f; ls | xargs; touch x mounted/x beside/x top 2>/dev/null || echo refused`,
          ],
          mounts: [{ kind: "readonly", source: shared, target: shared }],
        });
        server.close();
        assert.equal(stdout, "topbelowbesidebeside mounted top\nrefused\n");
      } finally {
        spawnSync("umount", [path.join(shared, "mounted")]);
      }
    });
  });
}
