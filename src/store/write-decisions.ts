import type { SavedDecision } from "../core/saved-decision.js";
import { writeFileAtomic } from "../host/atomic-file.js";

/** See `Store.writeDecisions`. */
export function writeDecisions(
  file: string,
  saved: { readonly revision: number; readonly decisions: readonly SavedDecision[] },
): void {
  writeFileAtomic(file, `${JSON.stringify({ schema: "review/1", ...saved })}\n`);
}
