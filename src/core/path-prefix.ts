/** What servers read in more than one way: segments of dots, slashes or backslashes that are hidden by an escape, and control characters. */
const UNCLEAR =
  /(?:^|[/\\])(?:\.|%2e){1,2}(?:$|[/\\;]|%3b)|\\|%2f|%5c|%[01][0-9a-f]|\/\/|%25(?:2e|2f|5c)/i;

/** True for a path that means the same to every server: absolute, without a query or fragment, without dots to resolve. */
export function isPath(path: string): boolean {
  return /^\/[!-~]*$/.test(path) && !/[?#]/.test(path) && !UNCLEAR.test(path);
}

/** True where `path` is `prefix` or below it. A path that a server could read in another way is below nothing. */
export function isBelow(path: string, prefix: string): boolean {
  if (!isPath(path)) return false;
  return path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}
