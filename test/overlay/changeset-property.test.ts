import assert from "node:assert/strict";
import { lstatSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { openNative } from "../../src/host/native.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { applyChanges } from "../support/apply-changes.js";
import { runOverlay } from "../support/overlay-case.js";
import { openTempDir, readTree } from "../support/temp-tree.js";
import { edits } from "./random-edits.js";

const native = openNative();
/** Everything a change carries, but for links to names that did not change. */
function describeTree(root: string): readonly string[] {
  const xattrs = readdirSync(root, { recursive: true, encoding: "utf8" })
    .sort()
    .filter((entry) => !lstatSync(path.join(root, entry)).isSymbolicLink())
    .map((entry) => native.lgetxattr(path.join(root, entry), "user.t")?.toString("utf8") ?? "-");
  return [...readTree(root), xattrs.join(" ")];
}

describe("a changeset", () => {
  it("applied to the workspace gives what the task saw, and then nothing is left to change", () => {
    fc.assert(
      fc.property(edits(8), edits(12), (prepare, task) => {
        using dir = openTempDir();
        const { layers, snapshot } = runOverlay(
          dir.path,
          { base: [], prepare, edit: task },
          { snapshot: true },
        );
        const { changes } = readChangeset([layers]);
        applyChanges(changes, { layers, target: layers.lower, native });
        assert.deepEqual(describeTree(layers.lower), describeTree(snapshot));
        assert.deepEqual(readChangeset([layers]).changes, []);
      }),
      { numRuns: 60 },
    );
  });
});
