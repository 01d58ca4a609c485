import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { SandboxError } from "../../src/core/error.js";
import { parseSessionId } from "../../src/core/ids.js";
import { openStore } from "../../src/store/open-store.js";
import { deadStamp, toDraft } from "../support/session-draft.js";
import { openTempDir } from "../support/temp-tree.js";

test("a session comes back as it was written", async () => {
  using dir = openTempDir();
  const store = openStore({ home: path.join(dir.path, "state") });
  const made = store.createSession(
    toDraft({ name: "first", outcome: { outcome: "exited", code: 3 }, durationMs: 12.5 }),
  );
  assert.equal(parseSessionId(made.session), made.session);
  assert.deepEqual(await store.readSession(made.session), made);
  store.updateSession({ ...made, state: "committed", sealedNs: "12" });
  assert.equal((await store.readSession(made.session)).state, "committed");
});

test("nothing is made before the first session, then the state is for its owner alone", () => {
  using dir = openTempDir();
  const home = path.join(dir.path, "a", "state");
  const store = openStore({ home });
  assert.deepEqual(store.listHot(), []);
  assert.equal(existsSync(home), false);
  const { session } = store.createSession(toDraft());
  for (const made of [home, path.join(home, "sessions"), store.sessionDir(session)])
    assert.equal(statSync(made).mode & 0o777, 0o700, made);
  const file = path.join(store.sessionDir(session), "session.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("a session whose making fails leaves nothing, and its name is free", () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const failing = {
    name: "one",
    make: ({ dir: own }: { dir: string }): never => {
      mkdirSync(path.join(own, "layers"));
      throw new SandboxError("usage", "no");
    },
  };
  assert.throws(() => store.createSession(failing), { code: "usage" });
  assert.deepEqual(readdirSync(path.join(dir.path, "sessions")), []);
  assert.equal(store.createSession(toDraft({ name: "one" })).name, "one");
});

test("a name is taken by a live session only", () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const first = store.createSession(toDraft({ name: "build" }));
  assert.throws(() => store.createSession(toDraft({ name: "build" })), {
    code: "usage",
    message: new RegExp(`--name: the session ${first.session} is called build already`),
  });
  store.updateSession({ ...first, state: "discarded" });
  assert.equal(store.createSession(toDraft({ name: "build" })).name, "build");
  assert.equal(existsSync(path.join(dir.path, "names.lock")), false);
});

test("a running session whose process is gone is interrupted; one whose process lives is running", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const dead = store.createSession(toDraft({ state: "running", owner: await deadStamp() }));
  const alive = store.createSession(toDraft({ state: "running" }));
  assert.equal((await store.readSession(dead.session)).state, "interrupted");
  assert.match((await store.readSession(dead.session)).reason ?? "", /gone/);
  assert.equal((await store.readSession(alive.session)).state, "running");
});

test("damaged records are reported with their path and kept; the others are listed", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const good = store.createSession(toDraft());
  const damages: readonly (readonly [string, RegExp])[] = [
    ["", /it is empty/],
    ["{", /it is not JSON/],
    ["[]", /./],
    ['{"schema":"session/2"}', /./],
    [JSON.stringify({ ...good, extra: 1 }), /extra/],
    [JSON.stringify({ ...good, uid: "0" }), /./],
    [JSON.stringify(good), /it is of the session s-/],
  ];
  const bad = damages.map(([text]) => {
    const { session } = store.createSession(toDraft());
    writeFileSync(path.join(store.sessionDir(session), "session.json"), text);
    return session;
  });
  const list = await store.listSessions();
  assert.deepEqual(
    list.sessions.map(({ session }) => session),
    [good.session],
  );
  assert.equal(list.damaged.length, damages.length);
  for (const [index, [text, reason]] of damages.entries()) {
    const id = bad[index] ?? good.session;
    const file = path.join(store.sessionDir(id), "session.json");
    assert.match(list.damaged.find((one) => one.path === file)?.reason ?? "", reason);
    assert.equal(readFileSync(file, "utf8"), text);
    await assert.rejects(store.readSession(id), { code: "damaged", message: new RegExp(file) });
  }
});

test("a directory without a record is reported once it is old, and not while it is being made", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  store.createSession(toDraft());
  const unfinished = path.join(dir.path, "sessions", "s-aaaaaaaaaa");
  mkdirSync(unfinished);
  assert.deepEqual((await store.listSessions()).damaged, []);
  utimesSync(unfinished, 1000, 1000);
  const [damaged] = (await store.listSessions()).damaged;
  assert.equal(damaged?.path, path.join(unfinished, "session.json"));
});

test("an unknown session is not found", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const id = parseSessionId("s-aaaaaaaaaa");
  assert.ok(id);
  await assert.rejects(store.readSession(id), { code: "not-found", message: /s-aaaaaaaaaa/ });
});

test("removing keeps the record and the output where it is told to", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const [kept, gone] = [store.createSession(toDraft()), store.createSession(toDraft())];
  for (const { session } of [kept, gone]) {
    const work = path.join(store.sessionDir(session), "layers", "0", "work", "work");
    mkdirSync(path.join(work, "x"), { recursive: true });
    chmodSync(work, 0);
    using log = store.openOutputLog(session);
    log.append("stdout", Buffer.from("hello"));
  }
  store.removeSession(kept.session, { keepRecord: true });
  store.removeSession(gone.session, { keepRecord: false });
  assert.deepEqual(readdirSync(path.join(dir.path, "sessions")), [kept.session]);
  assert.deepEqual(readdirSync(store.sessionDir(kept.session)).sort(), [
    "output.log",
    "output.streams",
    "session.json",
  ]);
  assert.equal((await store.readSession(kept.session)).session, kept.session);
});
