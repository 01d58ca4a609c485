import assert from "node:assert/strict";
import { test } from "node:test";
import type { BaseState, Change } from "../../src/core/change.js";
import { parseRelPath } from "../../src/core/path.js";
import type { Risk, RiskId } from "../../src/core/risk.js";
import { decideChange } from "../../src/policy/decide-change.js";
import { digestOf } from "../support/session-draft.js";

const change: Change = {
  workspace: 0,
  path: parseRelPath("a"),
  kind: "add",
  after: {
    ...{ type: "file", mode: 0o644, uid: "user", gid: "user", size: 0, mtimeNs: "0" },
    upper: { ino: "1", ctimeNs: "1" },
  },
  digest: digestOf("a"),
};
const risk = (id: RiskId): Risk => ({ id, level: "high", reason: `because of ${id}` });

test("nothing is allowed unseen: every change asks", () => {
  for (const risks of [
    [],
    [risk("deletes")],
    [risk("newly-executable"), risk("odd-name")],
    [risk("foreign-owner")],
  ])
    assert.deepEqual(decideChange(change, risks), {
      decision: "ask",
      rule: "builtin:default",
      reason: "every change asks",
    });
});

test("what runs later asks under its own rule", () => {
  assert.deepEqual(decideChange(change, [risk("odd-name"), risk("runs-later")]), {
    decision: "ask",
    rule: "builtin:runs-later",
    reason: "because of runs-later",
  });
});

test("raised rights and forged marks are denied, whatever else there is", () => {
  for (const id of ["raises-rights", "forged-mark"] as const)
    assert.deepEqual(decideChange(change, [risk("runs-later"), risk(id)]), {
      decision: "deny",
      rule: `builtin:${id}`,
      reason: `because of ${id}`,
    });
});

test("a device of the host is not to be replaced or deleted; a socket may be", () => {
  const before: BaseState = {
    ...{ type: "device", mode: 0o600, uid: 0, gid: 0, size: 0, mtimeNs: "0", ctimeNs: "0" },
    ...{ ino: "1", dev: "1", nlink: 1 },
  };
  const { after: _, ...rest } = change;
  const deleting: Change = { ...rest, kind: "delete", before };
  assert.equal(decideChange(deleting, [risk("deletes")]).decision, "deny");
  const socket: Change = { ...deleting, before: { ...before, type: "socket" } };
  assert.equal(decideChange(socket, []).decision, "ask");
});
