import { parseDuration } from "../../policy/parse-limits.js";

/** How long tasks may go on when the service is asked to end, in milliseconds. Throws `usage`. */
export function parseGrace(text: string): number {
  return parseDuration(text, "--grace");
}
