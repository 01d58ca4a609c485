import type { At } from "../host/confined-ops.js";
import type { Workbench } from "./stage-steps.js";
import type { Place, TouchedDir } from "./step.js";

const OWNER_ALL = 0o700;

/** Lets us write in directories whose owner, we, took that right from itself. */
export function unlockDirs(bench: Workbench, dirs: readonly TouchedDir[]): void {
  for (const dir of dirs) {
    if (!dir.unlock) continue;
    bench.roots.forget();
    const isClosed = isStill(bench, dir) && bench.roots.stat(dir.place)?.mode === dir.mode;
    if (isClosed) bench.ops.setMode(atDir(bench, dir.place), dir.mode | OWNER_ALL);
  }
}

/** Takes that right away again, the deepest first. */
export function relockDirs(bench: Workbench, dirs: readonly TouchedDir[]): void {
  for (const dir of dirs.toReversed()) {
    if (dir.unlock && isStill(bench, dir)) restoreMode(bench, dir);
    if (dir.finalMtimeNs !== undefined && isStill(bench, dir))
      bench.ops.setMtime(atDir(bench, dir.place), dir.finalMtimeNs);
  }
}

/** Mode and time as they were before the transaction; of a directory that is another one now, nothing. */
export function restoreDirs(bench: Workbench, dirs: readonly TouchedDir[]): void {
  for (const dir of dirs.toReversed()) {
    if (!isStill(bench, dir)) continue;
    restoreMode(bench, dir);
    if (bench.roots.stat(dir.place)?.mtimeNs !== dir.mtimeNs)
      bench.ops.setMtime(atDir(bench, dir.place), dir.mtimeNs);
  }
}

/** Only from the mode we gave it: another one is someone else's wish. */
function restoreMode(bench: Workbench, dir: TouchedDir): void {
  if (!dir.unlock || bench.roots.stat(dir.place)?.mode !== (dir.mode | OWNER_ALL)) return;
  bench.ops.setMode(atDir(bench, dir.place), dir.mode);
}

function isStill(bench: Workbench, dir: TouchedDir): boolean {
  const stat = bench.roots.stat(dir.place);
  return stat?.type === "dir" && stat.ino === dir.ino;
}

function atDir(bench: Workbench, place: Place): At {
  return bench.roots.dirAt(place);
}
