import assert from "node:assert/strict";
import { test } from "node:test";
import { joinRefreshed } from "../../src/controller/join-refreshed.js";
import type { Changeset, Xattrs } from "../../src/core/change.js";
import { change, changeset, next } from "../review/changes.js";

const PLAN = { changes: [], alreadyThere: [], conflicts: [], ready: [] };

function readAs(xattrs: Xattrs, ctimeNs: string): Changeset {
  return changeset([change("f", { after: next({ xattrs, upper: { ino: "2", ctimeNs } }) })]);
}

test("a refresh takes no attribute that came into the layers after the task", () => {
  const pending = readAs({ "user.note": "YQ==" }, "1");
  const refresh = (xattrs: Xattrs) =>
    joinRefreshed(pending, { plan: PLAN, fresh: readAs(xattrs, "2") });
  for (const xattrs of [{}, { "user.note": "Yg==" }, { "user.note": "YQ==", "user.x": "YQ==" }])
    assert.throws(() => refresh(xattrs), { code: "changed-since-review" });
  const [kept] = refresh({ "user.note": "YQ==" }).changeset.changes;
  assert.equal(kept?.after?.upper.ctimeNs, "2", "control: the same ones");
});
