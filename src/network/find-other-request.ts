/** Headers by which some servers take another method or path than the request's own. */
const OTHERS: ReadonlySet<string> = new Set([
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
  "x-original-url",
  "x-rewrite-url",
  "x-original-uri",
  "x-original-method",
  "x-forwarded-uri",
  "x-forwarded-method",
  "x-forwarded-prefix",
  "x-forwarded-path",
]);

/**
 * The first header, if any, by which a server may take a request for another than its line says: where only some methods or paths are
 * allowed it is not known to be one of them. Many servers take `_` in a name for `-` (RFC 3875, 4.1.18).
 */
export function findOtherRequest(rawHeaders: readonly string[]): string | undefined {
  const names = rawHeaders.filter((_, at) => at % 2 === 0);
  return names
    .map((name) => name.toLowerCase().replaceAll("_", "-"))
    .find((name) => OTHERS.has(name));
}
