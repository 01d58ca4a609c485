import { randomInt } from "node:crypto";

/** The seed of a run: `SANDBOX_TEST_SEED`, else a new one. Print it: the same seed draws the same numbers. */
export function readSeed(): number {
  return Number(process.env["SANDBOX_TEST_SEED"] ?? randomInt(2 ** 31));
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
