import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { openStore } from "../../src/store/open-store.js";
import { personHome, stateHome } from "../../src/store/state-home.js";
import { toDraft } from "../support/session-draft.js";
import { openTempDir } from "../support/temp-tree.js";

const uid = process.getuid?.() ?? 0;

test("the state lies in SANDBOX_HOME, else XDG_STATE_HOME, else below the home", () => {
  using dir = openTempDir();
  const env = { HOME: dir.path, XDG_STATE_HOME: "/xdg", SANDBOX_HOME: "/own/../own" };
  assert.equal(stateHome(env, uid), "/own");
  assert.equal(stateHome({ ...env, SANDBOX_HOME: "" }, uid), "/xdg/sandbox");
  assert.equal(
    stateHome({ HOME: dir.path, XDG_STATE_HOME: "relative" }, uid),
    path.join(dir.path, ".local/state/sandbox"),
  );
  assert.throws(() => stateHome({ ...env, SANDBOX_HOME: "own" }, uid), { code: "usage" });
});

test("a home that is somebody else's is not used", { skip: uid !== 0 && "needs root" }, () => {
  using dir = openTempDir();
  assert.equal(personHome({ HOME: dir.path }, uid), dir.path);
  chownSync(dir.path, 12345, 12345);
  assert.equal(personHome({ HOME: dir.path }, uid), userInfo().homedir);
});

test("a state directory that others can write to is refused, and one that they cannot is used", () => {
  using dir = openTempDir();
  const home = path.join(dir.path, "state");
  mkdirSync(home);
  for (const mode of [0o777, 0o770, 0o1777, 0o702]) {
    chmodSync(home, mode);
    assert.throws(() => openStore({ home }), { code: "usage", message: new RegExp(home) });
  }
  chmodSync(home, 0o755);
  assert.ok(openStore({ home }).createSession(toDraft()).session);
});

test("a state directory of somebody else is refused", { skip: uid !== 0 && "needs root" }, () => {
  using dir = openTempDir();
  chownSync(dir.path, 12345, 12345);
  assert.throws(() => openStore({ home: dir.path }), { code: "usage", message: /user 12345/ });
});

test("one below a directory that may not be looked into is refused in one line", {
  skip: uid === 0 && "root may look into all",
}, () => {
  using dir = openTempDir();
  const closed = path.join(dir.path, "closed");
  mkdirSync(closed);
  assert.ok(openStore({ home: path.join(closed, "state") }), "control: it may be");
  chmodSync(closed, 0);
  try {
    const open = (): unknown => openStore({ home: path.join(closed, "state") });
    assert.throws(open, { code: "usage", message: /may not look into/ });
  } finally {
    chmodSync(closed, 0o700);
  }
});

test("a state directory that turned bad after opening is refused when it is written to", () => {
  using dir = openTempDir();
  const home = path.join(dir.path, "state");
  const store = openStore({ home });
  mkdirSync(home);
  chmodSync(home, 0o777);
  assert.throws(() => store.createSession(toDraft()), { code: "usage" });
});

test("a file in its place is refused; a symlink of the owner is followed", () => {
  using dir = openTempDir();
  const file = path.join(dir.path, "file");
  writeFileSync(file, "");
  assert.throws(() => openStore({ home: file }), { code: "usage", message: /not a directory/ });
  mkdirSync(path.join(dir.path, "real"));
  symlinkSync("real", path.join(dir.path, "link"));
  assert.equal(
    openStore({ home: path.join(dir.path, "link/state") }).home,
    path.join(dir.path, "real/state"),
  );
});

test("a state directory that is not there is used if it could be made, and else refused", () => {
  using dir = openTempDir();
  const inFile = path.join(dir.path, "file");
  writeFileSync(inFile, "");
  for (const home of ["/proc/x/state", "/sys/state", path.join(inFile, "state")])
    assert.throws(() => openStore({ home }), { code: "usage" }, home);
  assert.equal(openStore({ home: path.join(dir.path, "a/b") }).home, path.join(dir.path, "a/b"));
});
