import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toLine } from "../support/overlay-case.js";
import { openPlainUser } from "../support/plain-user.js";
import { readCases, readCasesAs } from "../support/run-cases.js";

/** `!` marks a change that a commit stops on. */
function check(one: Parameters<typeof readCases>[0][number], expected: readonly string[]): void {
  const [changeset] = readCases([one]);
  assert.deepEqual(changeset?.changes.map(toLine), expected);
}

describe("host edits during the run", () => {
  const base = ["a=1", "b=1", "d/x=1", "d/y=1"];

  it("are seen on the paths the task changed, and only there", () => {
    const edit = "printf 2 > a; printf 2 > b; rm d/x; printf 1 > new";
    check({ base, edit, host: "printf 3 > a; printf 3 > d/y" }, [
      "M a file !",
      "M b file",
      "D d/x file",
      "A new file",
    ]);
  });
  it("are seen whatever they kept: size, time or bytes", () => {
    const host = "touch -r a ref; printf 3 > a; touch -r ref a; rm ref; chmod 600 b";
    check({ base, edit: "printf 2 > a; printf 2 > b", host }, ["M a file !", "M b file !"]);
  });
  it("do not make a conflict of a new file whose directory they touched", () => {
    check({ base, edit: "printf 1 > d/new", host: "touch d/other; rm d/other" }, ["A d/new file"]);
  });
  it("are seen where host and task made the same path differently", () => {
    check({ base, edit: "printf 1 > new", host: "printf 2 > new" }, ["M new file !"]);
  });
  it("are seen where the host removed what the task changed", () => {
    check({ base, edit: "printf 2 > a; printf 1 > new", host: "rm a" }, [
      "A a file !",
      "A new file",
    ]);
  });
  it("are seen below a deleted directory: a file changed there, a file added there", () => {
    check({ base, edit: "rm -rf d", host: "printf 3 > d/x" }, [
      "D d dir",
      "D d/x file !",
      "D d/y file",
    ]);
    check({ base, edit: "rm -rf d", host: "printf 3 > d/z" }, [
      "D d dir !",
      "D d/x file !",
      "D d/y file !",
      "D d/z file !",
    ]);
  });
  it("are seen below an opaque directory", () => {
    const edit = "rm -rf d; mkdir d; printf 2 > d/x";
    check({ base, edit, host: "printf 3 > d/y" }, ["M d/x file", "D d/y file !"]);
    check({ base, edit, host: "printf 3 > d/x" }, ["M d/x file !", "D d/y file"]);
  });
  it("are seen where a directory took another's place, though its files are old", () => {
    const swapped = { base: [...base, "e/x=9"], edit: "printf 2 > d/x", host: "mv d f; mv e d" };
    check(swapped, ["M d/x file !"]);
    using user = openPlainUser();
    const [changeset] = readCasesAs(user, [swapped]);
    assert.deepEqual(changeset?.changes.map(toLine), ["M d/x file !"]);
  });
  it("are seen where the workspace itself was replaced", () => {
    const host = "cd ..; mv project old; cp -a old project; touch -d @1 project";
    check({ base, edit: "printf 2 > a", host }, ["M a file !"]);
  });
});
