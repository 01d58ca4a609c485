import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { SandboxError } from "../../src/core/error.js";
import { encodeName } from "../../src/core/path.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { removeLayers } from "../../src/overlay/remove-layers.js";
import { runOverlay, toLine } from "../support/overlay-case.js";
import { openPlainUser } from "../support/plain-user.js";
import { readCases, readCasesAs } from "../support/run-cases.js";
import { openTempDir } from "../support/temp-tree.js";

const isRoot = process.getuid?.() === 0;
const notRoot = isRoot ? false : "needs root: it makes devices or attributes only root can make";

describe("marks that are not the kernel's", () => {
  const marks = (one: { edit: string; base?: readonly string[] }) => {
    const [changeset] = readCases([{ base: one.base ?? ["f=1", "d/kept=1"], edit: one.edit }]);
    assert.ok(changeset);
    return {
      lines: changeset.changes.map(toLine),
      notices: changeset.notices.map((notice) => `${notice.kind} ${notice.path}`),
      xattrs: changeset.changes.map((change) => Object.keys(change.after?.xattrs ?? {})),
    };
  };

  it("set by the task hide nothing, are shown, and are no mark on the host", () => {
    const edit =
      "setfattr -n user.overlay.opaque -v y d; setfattr -n user.overlay.redirect -v /etc f; setfattr -n user.ok -v 1 f";
    assert.deepEqual(marks({ edit }), {
      lines: ["M d dir", "M f file"],
      notices: ["forged-mark d", "forged-mark f"],
      xattrs: [["user.overlay.overlay.opaque"], ["user.ok", "user.overlay.overlay.redirect"]],
    });
  });
  it("a whiteout made by the task itself is refused by the kernel, where a FIFO is not", () => {
    assert.deepEqual(marks({ edit: "mkfifo p; mknod w c 0 0; mknod d/kept c 0 0" }).lines, [
      "A p fifo",
    ]);
  });
  it("under which data would be missing refuse the session", () => {
    for (const mark of ["redirect", "metacopy"]) {
      using dir = openTempDir();
      const { layers } = runOverlay(dir.path, { base: ["f=1"], edit: "printf 2 > f" });
      assert.equal(readChangeset([layers]).changes.length, 1);
      execFileSync("setfattr", [
        "-n",
        `user.overlay.${mark}`,
        "-v",
        "x",
        path.join(layers.upper, "f"),
      ]);
      assert.throws(
        () => readChangeset([layers]),
        (error) =>
          error instanceof SandboxError &&
          error.code === "damaged" &&
          /f carries/.test(error.message),
      );
    }
  });
  it("in the workspace itself are named", { skip: notRoot }, () => {
    const [changeset] = readCases([
      {
        base: ["f=1", "d/x=1"],
        prepare: "setfattr -n user.overlay.foo -v 1 f; mknod d/w c 0 0",
        edit: "printf 2 > f; rm -rf d",
      },
    ]);
    assert.deepEqual(changeset?.changes.map(toLine), [
      "D d dir",
      "D d/w device !",
      "D d/x file",
      "M f file",
    ]);
    assert.deepEqual(
      changeset?.notices.map((one) => `${one.kind} ${one.path}`),
      ["device-refused d/w", "forged-mark f"],
    );
  });
  it("devices are refused, capabilities are carried to be judged", { skip: notRoot }, () => {
    const edit =
      "mknod null c 1 3; setfattr -n security.capability -v 0sAQAAAgAgAAAAAAAAAAAAAAAAAAA= f";
    const found = marks({ edit });
    assert.deepEqual(found.lines, ["M f file"]);
    assert.deepEqual(found.notices, ["device-refused null"]);
    assert.deepEqual(found.xattrs, [["security.capability"]]);
  });
});

describe("names and depth", () => {
  const bytes = (name: string): string => Buffer.from(encodeName(name)).toString("latin1");

  it("takes every name Linux allows, in the workspace and from the task", () => {
    const names = [
      "-rf",
      ".wh.x",
      "...",
      "a\nb",
      "\x1b[31m",
      "\u202egpj.exe",
      "Read",
      "read",
      "x".repeat(255),
      "\ufffd",
      " ",
    ];
    const quoted = (name: string): string => `'${name}'`;
    const make = names.map((name) => `printf 1 > ./${quoted(name)}`).join("; ");
    const raw =
      "printf 1 > \"$(printf '\\377\\376')\"; mkdir \"$(printf 'd\\200')\"; printf 1 > \"$(printf 'd\\200/\\377')\"";
    const [added, removed] = readCases([
      { base: [], edit: `${make}; ${raw}` },
      { base: [], prepare: `${make}; ${raw}`, edit: "find . -mindepth 1 -delete" },
    ]);
    const expected = [...names, "\udcff\udcfe", "d\udc80", "d\udc80/\udcff"].sort();
    assert.deepEqual(
      added?.changes.map((change) => change.path),
      expected,
    );
    assert.deepEqual(
      removed?.changes.map((change) => change.path),
      expected,
    );
    assert.ok(added?.changes.every((change) => change.kind === "add"));
    assert.ok(removed?.changes.every((change) => change.kind === "delete"));
    assert.equal(bytes("d\udc80"), "d\x80");
  });
  it("goes a thousand levels down, past PATH_MAX, adds and deletes, and removes the layers", () => {
    const deep = `python3 -c '
import os
for level in range(1000): os.mkdir(f"directory-{level}"); os.chdir(f"directory-{level}")
open("leaf", "w").write("1")'`;
    using dir = openTempDir();
    const added = runOverlay(dir.path, { base: [], edit: deep });
    const changes = readChangeset([added.layers]).changes;
    assert.equal(changes.length, 1001);
    assert.ok((changes.at(-1)?.path.length ?? 0) > 4096);
    removeLayers(added.layers);
    assert.equal(lstatSync(added.layers.upper, { throwIfNoEntry: false }), undefined);
    const [removed] = readCases([{ base: [], prepare: deep, edit: "rm -rf directory-0" }]);
    assert.equal(removed?.changes.length, 1001);
  });
});

describe("what a task may withhold or inflate", () => {
  it("reads files and directories without any rights, and leaves their modes", () => {
    using user = openPlainUser();
    const [changeset] = readCasesAs(user, [
      {
        base: ["d/x=1", "f=1"],
        edit: "printf 2 > d/x; printf 2 > f; mkdir -p n/m; printf 3 > n/m/y; chmod 0 n/m/y n/m n d/x d f",
      },
    ]);
    const modes = changeset?.changes.map(
      (change) => `${toLine(change)} ${change.after?.mode.toString(8)}`,
    );
    assert.deepEqual(modes, [
      "M d dir 0",
      "M d/x file 0",
      "M f file 0",
      "A n dir 0",
      "A n/m dir 0",
      "A n/m/y file 0",
    ]);
    assert.ok(
      changeset?.changes.every((change) => change.after?.type !== "file" || change.after.digest),
    );
  });
  it("does not hash a file that is nothing but a huge hole, and says so", () => {
    const [changeset] = readCases([
      { base: [], edit: "truncate -s 2T huge; truncate -s 1M small" },
    ]);
    assert.deepEqual(changeset?.changes.map(toLine), ["A small file"]);
    assert.deepEqual(
      changeset?.notices.map((one) => `${one.kind} ${one.path}`),
      ["unreadable huge"],
    );
  });
});

describe("paths that were mounted over", () => {
  const base = [".env=secret", "d/hidden/key=1", "d/other=1", "d/e/x=1"];
  const covered = [".env", "d/hidden"];

  it("never appear, and neither does what would take them away", () => {
    const edit = "rm -rf d .env; printf forged > .env";
    const [changeset, control] = readCases([
      { base, edit, covered },
      { base, edit },
    ]);
    assert.deepEqual(changeset?.changes.map(toLine), [
      "D d/e dir",
      "D d/e/x file",
      "D d/other file",
    ]);
    assert.deepEqual(
      changeset?.notices.map((one) => `${one.kind} ${one.path}`),
      ["hidden-parent-kept d"],
    );
    assert.ok(control?.changes.some((change) => change.path === ".env"));
  });
  it("keep their parents from being replaced by something else", () => {
    const [changeset] = readCases([{ base, edit: "rm -rf d; printf 1 > d", covered }]);
    assert.deepEqual(changeset?.changes.map(toLine), [
      "D d/e dir",
      "D d/e/x file",
      "D d/other file",
    ]);
  });
});
