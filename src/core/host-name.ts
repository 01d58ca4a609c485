import { domainToASCII } from "node:url";
import { parseIp, parseLooseV4, renderIp } from "./ip-address.js";

/** A host as `Send.host` has it, or one line that says why there is none. */
export type ParsedHost =
  | { readonly host: string; readonly isAddress: boolean }
  | { readonly problem: string };

/** RFC 1035: 253 characters as text. */
const LONGEST_NAME = 253;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** This host's loopback, under each of its canonical names. */
const OWN_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/** Whether two canonical hosts are the same place. */
export function isSameHost(one: string, other: string): boolean {
  return one === other || (OWN_NAMES.has(one) && OWN_NAMES.has(other));
}

/**
 * The one spelling of a host: lower case, no final dot, IDN as punycode, an IP literal in its shortest form, also where it was written as
 * inet_aton(3) would read it. IPv6 must have brackets; a zone is refused. Whatever a resolver, a proxy or a log could read
 * in two ways is a problem.
 */
export function parseHost(text: string): ParsedHost {
  if (text === "") return { problem: "the host is empty" };
  if (text.startsWith("[")) return parseBracketed(text);
  if (text.includes(":")) return { problem: "IPv6 addresses stand in brackets, as in [::1]" };
  const strange = /[^\p{L}\p{M}\p{N}._\-。．｡]/u.exec(text)?.[0];
  if (strange !== undefined)
    return { problem: `${JSON.stringify(strange)} cannot be in a host name` };
  const plain = isAscii(text) ? text.toLowerCase() : domainToASCII(text);
  const name = plain.endsWith(".") ? plain.slice(0, -1) : plain;
  const labels = name.split(".");
  if (isNumber(labels.at(-1) ?? "")) return parseNumbers(name);
  return parseName(name, labels);
}

function parseBracketed(text: string): ParsedHost {
  const address = /^\[([0-9a-f:.]+)\]$/i.exec(text)?.[1];
  const parsed = address?.includes(":") ? parseIp(address) : undefined;
  if (parsed === undefined) return { problem: "this is no IPv6 address (zones are not taken)" };
  return { host: renderIp(parsed), isAddress: true };
}

/** WHATWG URL, "ends in a number": such a host is an address or nothing. */
function parseNumbers(name: string): ParsedHost {
  const parsed = parseLooseV4(name);
  if (parsed === undefined) return { problem: "a host that ends in a number must be an address" };
  return { host: renderIp(parsed), isAddress: true };
}

function parseName(name: string, labels: readonly string[]): ParsedHost {
  if (name.length > LONGEST_NAME) return { problem: "the host name is too long" };
  if (labels.some((label) => !LABEL.test(label)))
    return { problem: "each part of a host name has 1 to 63 letters, digits or inner hyphens" };
  const isIdn = labels.some((label) => label.startsWith("xn--"));
  if (isIdn && domainToASCII(name) !== name) return { problem: "its punycode is not valid" };
  return { host: name, isAddress: false };
}

function isNumber(label: string): boolean {
  return /^(?:\d+|0x[0-9a-f]*)$/i.test(label);
}

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}
