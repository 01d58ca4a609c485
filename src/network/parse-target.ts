import { isSameHost, parseHost } from "../core/host-name.js";
import { renderPlace } from "../core/render-place.js";
import type { HttpEntry } from "./gateway-context.js";
import { showText } from "./show-host.js";

/** Whereto a request goes. */
export interface Target {
  /** Canonical. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** With its `?`; empty where there is none. */
  readonly query: string;
  /** The value of Host that is sent on. */
  readonly hostHeader: string;
}

/** A request's head, as far as it says whereto. */
export interface RequestHead {
  readonly url: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
}

export type ParsedTarget = Target | { readonly problem: string };

/** Ports that `Host` does not name. */
const DEFAULT_PORTS: readonly number[] = [80, 443];

/** Finds whereto a request goes, where everything in it that says so agrees; else one line that says what is wrong. */
export function parseTarget(head: RequestHead, entry: HttpEntry): ParsedTarget {
  const [hostHeader, ...moreHosts] = valuesOf(head.rawHeaders, "host");
  if (moreHosts.length > 0) return { problem: "it has more than one Host" };
  const url = splitUrl(head.url, entry);
  if ("problem" in url) return url;
  const place = entry.kind === "settled" ? entry : parseAuthority(url.authority ?? "", 80);
  if ("problem" in place) return place;
  const problem = findDifference(hostHeader, place) ?? findDifference(url.authority, place);
  if (problem !== undefined) return { problem };
  const { host, port } = place;
  return {
    host,
    port,
    ...splitPath(url.rest),
    hostHeader: hostHeader ?? url.authority ?? toHostHeader(host, port),
  };
}

type SplitUrl =
  | { readonly authority: string | undefined; readonly rest: string }
  | { readonly problem: string };

/** At the proxy's port a whole URL; elsewhere also what servers are sent. */
function splitUrl(url: string, entry: HttpEntry): SplitUrl {
  if (/[^!-~]/.test(url)) return { problem: "its target holds characters that no URL has" };
  if (url.includes("#")) return { problem: "its target has a fragment" };
  const absolute = /^http:\/\/([^/?]*)(.*)$/i.exec(url);
  if (absolute !== null) return { authority: absolute[1] ?? "", rest: absolute[2] ?? "" };
  if (entry.kind === "proxy") return { problem: toProxyHelp(url) };
  if (!/^(?:\/|\*$)/.test(url)) return { problem: "its target is no path" };
  return { authority: undefined, rest: url };
}

/** `HOST:PORT`; without a port it is `defaultPort`, and where that is undefined, a problem. */
export function parseAuthority(
  text: string,
  defaultPort?: number,
): { readonly host: string; readonly port: number } | { readonly problem: string } {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return { problem: `${showText(text)} is no HOST:PORT` };
  const parsed = parseHost(match[1] ?? "");
  if ("problem" in parsed) return { problem: `host ${showText(text)}: ${parsed.problem}` };
  const port = match[2] === undefined ? defaultPort : Number(match[2]);
  if (port === undefined || port < 1 || port > 65_535)
    return { problem: `${showText(text)} has no port that can be` };
  return { host: parsed.host, port };
}

/** All values of a header, whose name is given in lower case. */
export function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}

/** Of hosts in all cases; of ports where one is written, or the place's is none that goes without saying. */
function findDifference(
  said: string | undefined,
  place: { readonly host: string; readonly port: number },
): string | undefined {
  if (said === undefined) return undefined;
  const parsed = parseAuthority(said, place.port);
  if ("problem" in parsed) return parsed.problem;
  const isSame = isSameHost(parsed.host, place.host) && parsed.port === place.port;
  return isSame
    ? undefined
    : `it says ${showText(said)} and goes to ${renderPlace(place.host, place.port)}`;
}

function splitPath(rest: string): { readonly path: string; readonly query: string } {
  const at = rest.indexOf("?");
  const path = at < 0 ? rest : rest.slice(0, at);
  return { path: path === "" ? "/" : path, query: at < 0 ? "" : rest.slice(at) };
}

function toHostHeader(host: string, port: number): string {
  return renderPlace(host, DEFAULT_PORTS.includes(port) ? undefined : port);
}

function toProxyHelp(url: string): string {
  return /^https:/i.test(url)
    ? "https is reached through CONNECT"
    : "this is a proxy: its requests have a whole URL, http://HOST/PATH, or are CONNECT";
}
