/** Control characters, line breaks of Unicode, and escaped bytes (lone surrogates). */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/** A path for one line of a message: quoted as in JSON where it holds what would break the line or cannot be printed. */
export function showPath(path: string): string {
  if (path === "") return ".";
  return UNSAFE.test(path) ? JSON.stringify(path) : path;
}
