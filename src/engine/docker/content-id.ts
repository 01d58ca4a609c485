import { createHash } from "node:crypto";

/** A short name for what is made of `parts`, in order: 24 hex digits. */
export function toContentId(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    // Lengths first: two ways to cut the same bytes are two contents.
    hash.update(`${part.length}:`);
    hash.update(part);
  }
  return hash.digest("hex").slice(0, 24);
}
