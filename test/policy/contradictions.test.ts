import assert from "node:assert/strict";
import { test } from "node:test";
import { resolve } from "./profile-case.js";

test("rules of one id for one command contradict one another once", () => {
  const rule = (id: string, decision: string): string =>
    `    - {id: ${id}, argv: [x], decision: ${decision}}\n`;
  const refusal = (...rules: readonly string[]): string => {
    try {
      resolve(`version: 1\ncommands:\n  rules:\n${rules.join("")}`);
    } catch (error) {
      return String(error);
    }
    return assert.fail("it was taken");
  };
  const said = /contradicts another entry: allow and deny/g;
  assert.equal(refusal(rule("a", "allow"), rule("a", "deny")).match(said)?.length, 1);
  assert.equal(refusal(rule("a", "allow"), rule("b", "deny")).match(said)?.length, 1, "control");
});
