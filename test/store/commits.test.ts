import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { isSandboxError } from "../../src/core/error.js";
import type { CommitRecord } from "../../src/core/session.js";
import { openStore, type Store } from "../../src/store/open-store.js";
import { digestOf, toDraft } from "../support/session-draft.js";
import { openTempDir } from "../support/temp-tree.js";

const NOW = Date.parse("2026-05-01T12:00:00.000Z");
const here = { cwd: "/work/project", purpose: "change", isTerminal: false, now: NOW } as const;

function addCommit(store: Store, at: string, more: Partial<CommitRecord> = {}): CommitRecord {
  const { session } =
    more.session === undefined ? store.createSession(toDraft()) : { session: more.session };
  const made = store.createCommit({
    workspaces: ["/work/project"],
    digest: digestOf("a"),
    createdAt: `2026-05-01T${at}.000Z`,
    ...more,
    session,
  });
  const record: CommitRecord = { ...made, state: more.state ?? "sealed", applied: 3 };
  store.updateCommit(record);
  return record;
}

test("a commit comes back as it was written, with an empty directory but for its record", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const { session } = store.createSession(toDraft());
  const made = store.createCommit({
    session,
    workspaces: ["/work/project"],
    digest: digestOf("b"),
    createdAt: "2026-05-01T00:00:00.000Z",
  });
  assert.equal(made.state, "open");
  assert.deepEqual(readdirSync(store.commitDir(made.commit)), ["commit.json"]);
  assert.deepEqual(await store.readCommit(made.commit), made);
  assert.deepEqual((await store.listCommits()).commits, [made]);
});

test("hot commits are those that were marked and not cleared", () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const [one, two] = [addCommit(store, "01:00:00"), addCommit(store, "02:00:00")];
  store.markHot(one.commit);
  store.markHot(two.commit);
  store.clearHot(one.commit);
  store.clearHot(one.commit);
  assert.deepEqual(store.listHot(), [two.commit]);
  assert.ok(existsSync(path.join(dir.path, "hot", two.commit)));
});

test("latest is the newest sealed commit that was not rolled back and is no rollback", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const first = addCommit(store, "01:00:00");
  const undone = addCommit(store, "02:00:00", { state: "rolled-back" });
  addCommit(store, "03:00:00", { undoes: undone.commit });
  addCommit(store, "04:00:00", { state: "open" });
  addCommit(store, "05:00:00", { workspaces: ["/work/other"] });
  const found = await store.resolveCommit("latest", here);
  assert.equal(found.record.commit, first.commit);
  assert.match(found.notice ?? "", new RegExp(`^latest: ${first.commit}`));
});

test("without a terminal latest is refused where two commits of the last hour stand", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  addCommit(store, "11:10:00");
  const newest = addCommit(store, "11:20:00");
  await assert.rejects(store.resolveCommit("latest", here), (error) => {
    assert.ok(isSandboxError(error) && error.code === "usage");
    assert.equal(error.list.filter((line) => line.startsWith("c-")).length, 2);
    return true;
  });
  const onTerminal = await store.resolveCommit("latest", { ...here, isTerminal: true });
  assert.equal(onTerminal.record.commit, newest.commit);
});

test("a commit that is not there says where those that are can be seen", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  for (const [text, message] of [
    ["nope", /^no commit, and no session, is called nope$/],
    ["c-aaaa", /^no commit c-aaaa…$/],
  ] as const)
    await assert.rejects(store.resolveCommit(text, here), (error) => {
      assert.ok(isSandboxError(error) && error.code === "not-found");
      assert.match(error.message, message);
      return /sandbox show SESSION/.test(error.hint ?? "");
    });
});

test("a commit is found by id, prefix and the name of its session", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const { session } = store.createSession(toDraft({ name: "build" }));
  const { commit } = addCommit(store, "01:00:00", { session });
  for (const text of [commit, commit.slice(0, 8), "build"])
    assert.equal((await store.resolveCommit(text, here)).record.commit, commit);
  await assert.rejects(store.resolveCommit(session, here), {
    code: "usage",
    hint: `its commits: ${commit}`,
  });
  await assert.rejects(store.resolveCommit("c-2222222222", here), { code: "not-found" });
});

test("a damaged commit is reported with its path; the others are listed", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const [good, bad] = [addCommit(store, "01:00:00"), addCommit(store, "02:00:00")];
  const file = path.join(store.commitDir(bad.commit), "commit.json");
  writeFileSync(file, '{"schema":"commit/1"}');
  const list = await store.listCommits();
  assert.deepEqual(list.commits, [good]);
  assert.deepEqual(
    list.damaged.map((one) => one.path),
    [file],
  );
  await assert.rejects(store.readCommit(bad.commit), { code: "damaged" });
});
