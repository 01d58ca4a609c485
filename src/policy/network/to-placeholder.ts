/** Beginnings by which programs tell kinds of keys; they are public. */
const PREFIXES: readonly RegExp[] = [
  /^sk-ant-(?:api|oat|ort)\d\d-/,
  /^sk-(?:proj-|or-v1-|svcacct-)?/,
  /^gh[pousr]_/,
  /^github_pat_/,
  /^glpat-/,
  /^npm_/,
  /^hf_/,
  /^AIza/,
  /^xox[abeoprs]-/,
];

/** Fewer characters could be guessed, or stand in a text by chance. */
const LEAST = 16;

/** A text that looks like `value` and is not: as long (at least 16 more characters than a known beginning), of `random`, digits and letters. */
export function toPlaceholder(value: string, random: string): string {
  const prefix =
    PREFIXES.map((form) => form.exec(value)?.[0] ?? "").find((text) => text !== "") ?? "";
  const length = Math.max(value.length - prefix.length, LEAST);
  if (random.length < length) throw new Error("not random enough");
  return prefix + random.slice(0, length);
}
