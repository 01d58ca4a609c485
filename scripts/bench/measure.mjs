// Timing of whole programs, side by side in one run: what carries over to other machines is the ratio.
import { spawnSync } from "node:child_process";

/** Runs a command to its end and gives the milliseconds it took. What it prints is thrown away; it must exit 0. */
export function time([file, ...args], options = {}) {
  const started = performance.now();
  const result = spawnSync(file, args, { stdio: ["ignore", "ignore", "pipe"], ...options });
  const elapsed = performance.now() - started;
  if (result.status !== 0)
    throw new Error(
      `${file} ${args.join(" ")}: exit ${result.status}: ${result.stderr ?? result.error}`,
    );
  return elapsed;
}

/**
 * Times each of `sides` (name → function that returns milliseconds) `rounds` times in turn, so that whatever else the
 * machine does meets all of them, and gives name → median. One round before goes uncounted.
 */
export async function interleave(rounds, sides) {
  const samples = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++)
    for (const [name, measure] of Object.entries(sides)) {
      const elapsed = await measure();
      if (round >= 0) samples[name].push(elapsed);
    }
  return Object.fromEntries(
    Object.entries(samples).map(([name, values]) => [name, median(values)]),
  );
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A row of the table: ours against a baseline, in ms, and the greatest ratio allowed. */
export function ratioRow(row, what, ours, baseline, target) {
  const ratio = ours / baseline;
  return { row, what, ours, baseline, unit: "ms", ratio, target, met: ratio <= target };
}

/** A row of the table: a peak of memory, in MiB, and the greatest allowed. */
export function memoryRow(row, what, ours, target) {
  return { row, what, ours, unit: "MiB", target, met: ours <= target };
}

/** A row of the table: a figure in MiB against a baseline, and the greatest ratio allowed. */
export function bytesRow(row, what, ours, baseline, target) {
  return { ...ratioRow(row, what, ours, baseline, target), unit: "MiB" };
}
