import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_EFFECTS } from "../../src/core/effects.js";
import { countEffects } from "../../src/policy/budgets/count-effects.js";
import { describeOverBudget, judgeBudgets } from "../../src/policy/budgets/judge-budgets.js";
import { resolve } from "./profile-case.js";
import { base, change, digestOf, next } from "../review/changes.js";

const OLD = base({ size: 100, digest: digestOf("old") });

test("effects are counted, whatever made them: what is gone, and what other content stands for", () => {
  for (const [what, sides, files, bytes, gone] of [
    ["an added file", { after: next({ size: 9 }) }, 0, 0, 0],
    ["a deleted file", { before: OLD }, 0, 0, 1],
    ["a deleted directory", { before: base({ type: "dir" }) }, 0, 0, 0],
    ["other content", { before: OLD, after: next({ digest: digestOf("new") }) }, 1, 100, 0],
    [
      "another mode",
      { before: OLD, after: next({ mode: 0o600, digest: digestOf("old") }) },
      0,
      0,
      0,
    ],
    ["a link for a file", { before: OLD, after: next({ type: "symlink", target: "x" }) }, 0, 0, 1],
    ["a directory for a file", { before: OLD, after: next({ type: "dir" }) }, 0, 0, 1],
    [
      "a link elsewhere",
      {
        before: base({ type: "symlink", target: "a", size: 1 }),
        after: next({ type: "symlink", target: "b", size: 1 }),
      },
      ...([1, 0, 0] as const),
    ],
    ["content that was not read", { before: base({ size: 100 }), after: next() }, 1, 100, 0],
  ] as const) {
    const found = countEffects([change("f", sides)]);
    assert.deepEqual(found.overwrite, { files, bytes }, what);
    assert.deepEqual(found.delete, { files: gone, bytes: gone * 100 }, what);
  }
});

test("a budget is gone over by what this commit adds to what earlier ones did", () => {
  const budgets = {
    delete: { files: 10, bytes: 1000, per: "run", over: "hold" },
    overwrite: { bytes: 50, per: "hour", over: "deny" },
  } as const;
  const asked = { delete: { files: 4, bytes: 100 }, overwrite: { files: 9, bytes: 20 } };
  const judge = (files: number, bytes: number) =>
    judgeBudgets(budgets, asked, (per) =>
      per === "run"
        ? { ...NO_EFFECTS, delete: { files, bytes: 0 } }
        : { ...NO_EFFECTS, overwrite: { files: 0, bytes } },
    ).map(describeOverBudget);
  assert.deepEqual(judge(6, 30), [], "up to the limit is within it");
  assert.deepEqual(judge(7, 31), [
    "deletes 4 files after 7 before; the budget is 10 per run",
    "overwrites 20 bytes after 31 before; the budget is 50 per hour",
  ]);
  const spent = { ...NO_EFFECTS, delete: { files: 99, bytes: 0 } };
  assert.deepEqual(
    judgeBudgets(budgets, NO_EFFECTS, () => spent),
    [],
    "nothing asked, nothing over",
  );
});

test("a project's budget may be smaller, but not of another time: the two cannot be compared", () => {
  const text = (files: number, per: string): string =>
    `version: 1\nbudgets: {delete: {files: ${files}, per: ${per}, over: hold}}\n`;
  for (const per of ["minute", "hour", "day"])
    assert.throws(() => resolve(text(10, "run"), { project: text(1, per) }), {
      message: /^\/w\/\.sandbox\.yaml:2: budgets\.delete: is per run otherwise/,
    });
  assert.equal(resolve(text(10, "hour"), { project: text(1, "hour") }).budgets.delete?.files, 1);
});
