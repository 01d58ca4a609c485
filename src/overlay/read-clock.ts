import { lstatSync, utimesSync, writeFileSync } from "node:fs";
import type { Layers } from "../core/change.js";

/**
 * The present moment by the clocks of the filesystems of `layers`, in nanoseconds, in decimal: the ctime of a
 * file that is touched there. Whatever changed before has an earlier ctime, or the same.
 */
export function readClock(layers: readonly Layers[]): string {
  let latest = 0n;
  for (const { stamp } of layers) {
    const clock = `${stamp}.sealed`;
    writeFileSync(clock, "", { mode: 0o600 });
    const { atime, mtime } = lstatSync(clock);
    utimesSync(clock, atime, mtime);
    const { ctimeNs } = lstatSync(clock, { bigint: true });
    if (ctimeNs > latest) latest = ctimeNs;
  }
  return `${latest}`;
}
