/** What a commit destroys: files, links and FIFOs (directories hold nothing of their own), and the bytes they held. */
export interface EffectCount {
  readonly files: number;
  readonly bytes: number;
}

/** Effects by what budgets are named after. */
export interface Effects {
  readonly delete: EffectCount;
  readonly overwrite: EffectCount;
}

/** Nothing destroyed. */
export const NO_EFFECTS: Effects = {
  delete: { files: 0, bytes: 0 },
  overwrite: { files: 0, bytes: 0 },
};

/** Both together. */
export function addEffects(one: Effects, two: Effects): Effects {
  const add = (key: keyof Effects): EffectCount => ({
    files: one[key].files + two[key].files,
    bytes: one[key].bytes + two[key].bytes,
  });
  return { delete: add("delete"), overwrite: add("overwrite") };
}
