import { valuesOf } from "./parse-target.js";

/** RFC 9110, 7.6.1, and what older clients and HTTP/2 upgrades add: for the next hop alone. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);
/** `Connection` cannot take these away: whoever sends it would decide how long a body is. */
const KEPT: ReadonlySet<string> = new Set(["content-length", "host", "expect"]);

/** Headers without those for one hop; names and values in turn, as they came. */
export function toPassedHeaders(rawHeaders: readonly string[]): string[] {
  const named = new Set(
    valuesOf(rawHeaders, "connection")
      .flatMap((value) => value.split(","))
      .map((name) => name.trim().toLowerCase())
      .filter((name) => !KEPT.has(name)),
  );
  const passed: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = [rawHeaders[at], rawHeaders[at + 1]];
    const key = name.toLowerCase();
    if (!HOP_BY_HOP.has(key) && !named.has(key)) passed.push(name, value);
  }
  return passed;
}

/**
 * Headers of a request as they are sent on: one Host first, no other way to say how long the body is than the one its bytes were
 * read by.
 */
export function toRequestHeaders(
  { method, rawHeaders }: { readonly method: string; readonly rawHeaders: readonly string[] },
  hostHeader: string,
): string[] {
  const passed = toPassedHeaders(rawHeaders);
  const headers = ["Host", hostHeader];
  for (let at = 0; at + 1 < passed.length; at += 2)
    if (passed[at]?.toLowerCase() !== "host") headers.push(passed[at] ?? "", passed[at + 1] ?? "");
  const isChunked = valuesOf(rawHeaders, "transfer-encoding").length > 0;
  if (isChunked) headers.push("Transfer-Encoding", "chunked");
  else if (hasBodyByHabit(method) && valuesOf(rawHeaders, "content-length").length === 0)
    headers.push("Content-Length", "0");
  return headers;
}

/** Why a request's framing cannot be trusted to mean the same to everybody; undefined where it can. The parser has refused the worst. */
export function findFramingProblem(rawHeaders: readonly string[]): string | undefined {
  const codings = valuesOf(rawHeaders, "transfer-encoding");
  const lengths = valuesOf(rawHeaders, "content-length");
  if (codings.length > 0 && lengths.length > 0)
    return "it has both Content-Length and Transfer-Encoding";
  if (lengths.length > 1) return "it has more than one Content-Length";
  if (codings.length > 1 || (codings[0] ?? "chunked").toLowerCase() !== "chunked")
    return "its Transfer-Encoding is not chunked alone";
  return undefined;
}

function hasBodyByHabit(method: string): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}
