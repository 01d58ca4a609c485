/** What servers read in more than one way: segments of dots, slashes or backslashes that are hidden by an escape, and control characters. */
const UNCLEAR =
  /(?:^|[/\\])(?:\.|%2e){1,2}(?:$|[/\\;]|%3b)|\\|%2f|%5c|%[01][0-9a-f]|\/\/|%25(?:2e|2f|5c)/i;

/** Whether a path's escapes are whole and stand for UTF-8: some servers read others too (`%c0%ae` as a dot, `%u002e`). */
function isText(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** True for a path that means the same to every server: absolute, without a query or fragment, without dots to resolve, of UTF-8. */
export function isPath(path: string): boolean {
  return /^\/[!-~]*$/.test(path) && !/[?#]/.test(path) && !UNCLEAR.test(path) && isText(path);
}

/** True where `path` is `prefix` or below it. A path that a server could read in another way is below nothing. */
export function isBelow(path: string, prefix: string): boolean {
  if (!isPath(path)) return false;
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}
