import { createHash } from "node:crypto";

/** The places where the chain does not hold. */
export function findBreaks(lines: readonly string[]): readonly number[] {
  return lines.flatMap((line, index) => {
    const before = lines[index - 1];
    const prev = before === undefined ? "" : createHash("sha256").update(before).digest("hex");
    return line.includes(`"prev":"${prev}"`) ? [] : [index];
  });
}
