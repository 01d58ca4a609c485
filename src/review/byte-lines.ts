import { DIFF_LIMITS, splitLines } from "./text-diff.js";

/**
 * The lines of a file as strings with one character a byte (ISO 8859-1), each with its LF: whatever its encoding, its line
 * endings or a byte order mark, `fromByteLines` gives the same bytes back. Undefined for what holds NUL, or
 * is too much to compare.
 */
export function toByteLines(bytes: Uint8Array): readonly string[] | undefined {
  if (bytes.length > DIFF_LIMITS.bytes || bytes.includes(0)) return undefined;
  const lines = splitLines(Buffer.from(bytes).toString("latin1"));
  return lines.length > DIFF_LIMITS.lines ? undefined : lines;
}

/** The inverse of `toByteLines`. */
export function fromByteLines(lines: readonly string[]): Uint8Array {
  return Buffer.from(lines.join(""), "latin1");
}
