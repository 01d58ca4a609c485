import { isSandboxError } from "../core/error.js";
import { parseRelPath } from "../core/path.js";

/** True for a text that spells a path below a workspace. */
export function isRelPath(text: string): boolean {
  try {
    parseRelPath(text);
    return true;
  } catch (error) {
    if (isSandboxError(error)) return false;
    throw error;
  }
}
