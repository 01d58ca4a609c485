import { encodeName } from "../core/path.js";
import { hasHiddenCharacter } from "./neutralise.js";

const SHORT: Readonly<Record<number, string>> = {
  7: "\\a",
  8: "\\b",
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
};

/**
 * A path as git writes it in a patch (git-config(1), core.quotePath=false): as it is, or in double
 * quotes with C escapes and octal bytes where it holds something that cannot be shown. `git apply`
 * and GNU patch read both.
 */
export function quoteGitPath(path: string): string {
  if (!hasHiddenCharacter(path) && !/["\\]/.test(path)) return path;
  return `"${Array.from(path, quoteCharacter).join("")}"`;
}

function quoteCharacter(char: string): string {
  if (char !== '"' && char !== "\\" && !hasHiddenCharacter(char)) return char;
  return Array.from(encodeName(char), quoteByte).join("");
}

function quoteByte(byte: number): string {
  return SHORT[byte] ?? `\\${byte.toString(8).padStart(3, "0")}`;
}
