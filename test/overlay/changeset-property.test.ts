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

const native = openNative();
const name = fc.constantFrom("a", "b", "c");
const place = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const word = fc.constantFrom("1", "22", "333");
const mode = fc.constantFrom("600", "644", "700", "755", "4755");

/** A FIFO is never written to: that waits for a reader. Any edit may fail (no parent, a directory in the way): what the task then sees is what counts. */
const edit = fc.oneof(
  fc.tuple(place, word).map(([at, text]) => `[ -p ${at} ] || printf ${text} > ${at}`),
  fc.tuple(place, word).map(([at, text]) => `[ -p ${at} ] || printf ${text} >> ${at}`),
  fc.tuple(place, word).map(([at, text]) => `rm -f ${at}; printf ${text} > ${at}`),
  place.map((at) => `rm -rf ${at}`),
  place.map((at) => `rm -rf ${at}; mkdir ${at}`),
  place.map((at) => `mkdir -p ${at}`),
  place.map((at) => `mkfifo ${at}`),
  place.map((at) => `touch -c -d @1 ${at}`),
  fc.tuple(place, word).map(([at, text]) => `ln -s ${text} ${at}`),
  fc.tuple(place, place).map(([from, to]) => `ln -P ${from} ${to}`),
  fc.tuple(place, place).map(([from, to]) => `mv -T ${from} ${to}`),
  fc
    .tuple(place, mode)
    .map(
      ([at, bits]) =>
        `[ -L ${at} ] || if [ -d ${at} ]; then chmod 7${bits.slice(-2)} ${at}; else chmod ${bits} ${at}; fi`,
    ),
  fc.tuple(place, word).map(([at, text]) => `setfattr -h -n user.t -v ${text} ${at}`),
  place.map((at) => `setfattr -h -x user.t ${at}`),
);
const edits = (maxLength: number) =>
  fc
    .array(edit, { maxLength })
    .map((all) => all.map((one) => `(${one}) 2>/dev/null || true`).join("\n"));

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
