import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Layers } from "../../src/core/change.js";
import { openNative } from "../../src/host/native.js";
import { findAltered } from "../../src/overlay/find-altered.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { readClock } from "../../src/overlay/read-clock.js";
import { removeLayers } from "../../src/overlay/remove-layers.js";
import { openCaseLayers } from "../support/overlay-case.js";
import { openTempDir } from "../support/temp-tree.js";

const self = fileURLToPath(import.meta.url);
const DIRS = 1000;
const FILES = 100;

/** Reads `layers` in a process of its own: the number of changes, and the most memory it had (MiB). */
function readApart(layers: Layers): { readonly changes: number; readonly peakMiB: number } {
  const result = spawnSync(process.execPath, [self, "read"], {
    input: JSON.stringify(layers),
    encoding: "utf8",
  });
  assert.equal(result.status, 0, result.stderr);
  return JSON.parse(result.stdout) as { changes: number; peakMiB: number };
}

if (process.argv[2] === "read") {
  const layers = JSON.parse(readFileSync(0, "utf8")) as Layers;
  const changes = readChangeset([layers]).changes.length;
  process.stdout.write(JSON.stringify({ changes, peakMiB: process.resourceUsage().maxRSS / 1024 }));
} else {
  describe("large trees", () => {
    it("reads a hundred thousand files within 300 MiB, sees one altered, and removes them", () => {
      using dir = openTempDir();
      const workspace = path.join(dir.path, "project");
      mkdirSync(workspace);
      const layers = openCaseLayers(dir.path, { workspace, covered: [] });
      for (let index = 0; index < DIRS; index += 1) {
        mkdirSync(path.join(layers.upper, `d${index}`));
        for (let file = 0; file < FILES; file += 1)
          writeFileSync(path.join(layers.upper, `d${index}`, `file-${file}`), `${index} ${file}`);
      }
      const read = readApart(layers);
      assert.equal(read.changes, DIRS * FILES + DIRS);
      assert.ok(read.peakMiB < 300, `${read.peakMiB} MiB`);
      const sealed = { sealedNs: readClock([layers]), native: openNative() };
      writeFileSync(path.join(layers.upper, "d7/file-7"), "altered");
      assert.deepEqual(findAltered(layers, sealed), ["d7/file-7"]);
      removeLayers(layers);
      assert.deepEqual(readdirSync(path.join(dir.path, "state/sessions/s-aaaaaaaaaa")), []);
    });
    it("reads a file of 700 MiB within 150 MiB", () => {
      using dir = openTempDir();
      const workspace = path.join(dir.path, "project");
      mkdirSync(workspace);
      const layers = openCaseLayers(dir.path, { workspace, covered: [] });
      writeFileSync(path.join(layers.upper, "big"), "x");
      truncateSync(path.join(layers.upper, "big"), 700 * 2 ** 20);
      const read = readApart(layers);
      assert.equal(read.changes, 1);
      assert.ok(read.peakMiB < 150, `${read.peakMiB} MiB`);
    });
  });
}
