import { toAddressClass } from "../../core/address-class.js";
import { type ParsedHost, parseHost } from "../../core/host-name.js";
import { parseIp } from "../../core/ip-address.js";
import type { HostRule } from "../../core/send.js";

/** A rule, or one line that says what is wrong with it. */
export type ParsedRule = { readonly rule: HostRule } | { readonly problem: string };

/** Second levels under which countries register names, as `co.uk`: a suffix of only these is everybody's. */
const REGISTRY_LABELS: ReadonlySet<string> = new Set([
  "ac",
  "co",
  "com",
  "edu",
  "gob",
  "gouv",
  "gov",
  "go",
  "ne",
  "net",
  "or",
  "org",
]);

/**
 * `HOST[:PORT]` of `--allow` and of a profile: a name, `*.suffix`, an IPv4 address or an IPv6 address in brackets. Names are made
 * canonical; an address in another spelling than its usual one is refused, because nobody can be sure which one it meant.
 */
export function parseHostRule(text: string): ParsedRule {
  const strange = findStrange(text);
  if (strange !== undefined) return { problem: strange };
  const { host: hostText, port: portText } = splitPort(text);
  const host = parseRuleHost(hostText);
  if ("problem" in host) return host;
  if (portText === undefined) return { rule: { host: host.host } };
  const port = parsePort(portText);
  if (port === undefined) return { problem: `"${portText}" is no port: give 1 to 65535` };
  return { rule: { host: host.host, ports: [port] } };
}

/** The host of a rule, without a port. */
export function parseRuleHost(
  text: string,
): { readonly host: string } | { readonly problem: string } {
  const strange = findStrange(text);
  if (strange !== undefined) return { problem: strange };
  if (text.includes("*")) return parseSuffix(text);
  const parsed = parseHost(text);
  return "problem" in parsed ? parsed : checkSpelling(text, parsed);
}

/** 1 to 65535, decimal. */
function parsePort(text: string): number | undefined {
  const port = Number(text);
  return /^[1-9]\d{0,4}$/.test(text) && port <= 65_535 ? port : undefined;
}

function findStrange(text: string): string | undefined {
  if (text === "") return "it is empty: give a host, as in example.com";
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme !== undefined)
    return `no scheme (${scheme}://) here: give the host alone, as in example.com or example.com:443`;
  if (/\p{C}|\s/u.test(text))
    return "it holds a space or a character that cannot be seen: give a host, as in example.com";
  if (text.includes("@")) return "no user here: give the host alone, as in example.com:22";
  if (/[/?#\\]/.test(text))
    return "no path here: give the host alone; paths are a key of a profile's rule";
  return undefined;
}

function splitPort(text: string): { readonly host: string; readonly port: string | undefined } {
  const bracketed = /^(\[[^\]]*\])(?::(.*))?$/.exec(text);
  if (bracketed !== null) return { host: bracketed[1] ?? "", port: bracketed[2] };
  const colon = text.indexOf(":");
  if (colon < 0 || text.indexOf(":", colon + 1) >= 0) return { host: text, port: undefined };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

function parseSuffix(text: string): { readonly host: string } | { readonly problem: string } {
  const suffix = /^\*\.([^*]+)$/.exec(text)?.[1];
  if (suffix === undefined)
    return { problem: "a * may only stand for the first parts of a name, as in *.example.com" };
  const parsed = parseHost(suffix);
  if ("problem" in parsed) return parsed;
  if (parsed.isAddress) return { problem: "no * before an address" };
  const labels = parsed.host.split(".");
  if (labels.length < 2 || isRegistry(labels))
    return { problem: `*.${parsed.host} is everybody's: name what belongs to one owner` };
  return { host: `*.${parsed.host}` };
}

function isRegistry([first = "", second = "", ...more]: readonly string[]): boolean {
  return more.length === 0 && second.length === 2 && REGISTRY_LABELS.has(first);
}

function checkSpelling(
  text: string,
  parsed: Exclude<ParsedHost, { readonly problem: string }>,
): { readonly host: string } | { readonly problem: string } {
  if (!parsed.isAddress) return { host: parsed.host };
  const address = parseIp(parsed.host);
  const kind = address === undefined ? undefined : toAddressClass(address);
  if (kind === "unspecified" || kind === "multicast")
    return { problem: `${parsed.host} is nobody's address: name one host` };
  if (text.startsWith("["))
    return parsed.host.includes(":")
      ? { host: parsed.host }
      : { problem: `this is an IPv4 address: write ${parsed.host}` };
  if (parsed.host !== text) return { problem: `write this address as ${parsed.host}` };
  return { host: parsed.host };
}
