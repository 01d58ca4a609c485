import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Effects } from "../../src/core/effects.js";
import { openNative } from "../../src/host/native.js";
import { openLiveEffects } from "../../src/overlay/live-effects.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { countEffects } from "../../src/policy/budgets/count-effects.js";
import { runOverlay } from "../support/overlay-case.js";
import { openTempDir } from "../support/temp-tree.js";
import { edits } from "./random-edits.js";

const native = openNative();

/** Random edits alone seldom meet what is there. */
const START =
  "mkdir -p a/b c; for file in a/a a/b/a a/b/c b c/a c/b; do printf 4444 > $file; done\n";

/** Drives a look to its end. */
function count(look: Generator<void, Effects>): Effects {
  for (;;) {
    const { done, value } = look.next();
    if (done === true) return value;
  }
}

test("what is counted while a task runs is what its changeset destroys", () => {
  let destroyed = 0;
  fc.assert(
    fc.property(edits(8), edits(12), (prepare, edit) => {
      using dir = openTempDir();
      const { layers } = runOverlay(dir.path, { base: [], prepare: START + prepare, edit });
      const live = count(openLiveEffects(layers, { native, countsContent: true }).look());
      const whole = countEffects(readChangeset([layers]).changes);
      destroyed += whole.delete.files + whole.overwrite.files;
      assert.deepEqual(live, whole);
    }),
    { numRuns: 40, seed: 20_261_130 },
  );
  assert.ok(destroyed > 20, `control: things are destroyed: ${destroyed}`);
});
