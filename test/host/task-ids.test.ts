import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseTaskIds, type IdFiles, type TaskIdFacts } from "../../src/host/task-ids.js";

const files: IdFiles = {
  passwd:
    "root:x:0:0::/root:/bin/sh\nalice:x:1000:1001::/home/alice:/bin/sh\nodd:x:1002:0::/:/bin/sh\n",
  group: "root:x:0:\nalice:x:1001:\n",
  subuid: "alice:100000:65536\n",
  subgid: "alice:100000:65536\n",
};
const root = { uid: 0, gid: 0 };
const alice = { uid: 1000, gid: 1001 };

function choose(facts: Partial<TaskIdFacts>): readonly (string | number)[] {
  const made = { self: root, workspaceOwners: [root], env: {}, files, ...facts };
  const { uid, gid, source } = chooseTaskIds(made);
  return [uid, gid, source];
}

test("a user's task is the user, whoever owns the workspace and whatever SUDO_UID says", () => {
  for (const workspaceOwners of [[alice], [root], [{ uid: 5, gid: 5 }]])
    assert.deepEqual(choose({ self: alice, workspaceOwners, env: { SUDO_UID: "7" } }), [
      1000,
      1001,
      "self",
    ]);
});

test("root's task is the owner of the workspace, with that user's own group", () => {
  assert.deepEqual(choose({ workspaceOwners: [alice] }), [1000, 1001, "workspace"]);
  assert.deepEqual(choose({ workspaceOwners: [{ uid: 1000, gid: 33 }] }), [
    1000,
    1001,
    "workspace",
  ]);
  assert.deepEqual(choose({ workspaceOwners: [root, alice] }), [1000, 1001, "workspace"]);
  assert.deepEqual(choose({ workspaceOwners: [{ uid: 4242, gid: 33 }] }), [4242, 33, "workspace"]);
});

test("the group is never 0 either", () => {
  assert.deepEqual(choose({ workspaceOwners: [{ uid: 1002, gid: 0 }] }), [1002, 1002, "workspace"]);
  assert.deepEqual(choose({ workspaceOwners: [{ uid: 1002, gid: 33 }] }), [1002, 33, "workspace"]);
});

test("on root's own workspace the task is who called sudo", () => {
  assert.deepEqual(choose({ env: { SUDO_UID: "1000", SUDO_GID: "1001" } }), [1000, 1001, "sudo"]);
  assert.deepEqual(choose({ env: { SUDO_UID: "1000" } }), [1000, 1001, "sudo"]);
  assert.deepEqual(choose({ env: { SUDO_UID: "1002", SUDO_GID: "0" } }), [1002, 1002, "sudo"]);
  assert.deepEqual(choose({ workspaceOwners: [alice], env: { SUDO_UID: "7" } }), [
    1000,
    1001,
    "workspace",
  ]);
});

test("without either the task is an id that nobody has; a SUDO_UID that is none does not count", () => {
  for (const SUDO_UID of [
    undefined,
    "",
    "0",
    "00",
    "-1",
    "1000x",
    " 1000",
    "1e3",
    "4294967295",
    "99999999999",
  ])
    assert.deepEqual(choose({ env: { SUDO_UID } }), [98765, 98765, "dedicated"], String(SUDO_UID));
});

test("an id that a user, a group or a subordinate range has is passed over", () => {
  const taken: readonly Partial<IdFiles>[] = [
    { passwd: "x:x:98765:1::/:/bin/sh\n" },
    { group: "x:x:98765:\n" },
    { subuid: "x:90000:8766\n" },
    { subgid: "x:98765:1\n" },
  ];
  for (const more of taken)
    assert.deepEqual(choose({ files: { ...files, ...more } }), [98766, 98766, "dedicated"]);
  assert.deepEqual(choose({ files: { ...files, subuid: "x:90000:8765\n" } }), [
    98765,
    98765,
    "dedicated",
  ]);
  assert.throws(() => choose({ files: { ...files, subuid: "x:1:4000000000\n" } }), {
    code: "sandbox-unavailable",
  });
});

test("workspaces of several users are refused", () => {
  assert.throws(() => choose({ workspaceOwners: [alice, { uid: 4242, gid: 1 }] }), {
    code: "usage",
    message: /1000 and 4242/,
  });
});

test("this machine's own files are read where none are given", () => {
  const ids = chooseTaskIds({ self: root, workspaceOwners: [root], env: {} });
  assert.ok(ids.uid > 0 && ids.gid > 0);
});
