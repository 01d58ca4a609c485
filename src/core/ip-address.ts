/** An address of IP. IPv4 that is mapped into IPv6 (`::ffff:0:0/96`) is IPv4 here: it connects to the same place. */
export interface IpAddress {
  readonly version: 4 | 6;
  /** 32 or 128 bits. */
  readonly bits: bigint;
}

const MAPPED_PREFIX = 0xffffn << 32n;
const MOST_V4 = 0xffffffffn;

/** An address as RFC 5952 and dotted decimal without leading zeros write it, IPv6 without brackets or zone; undefined for all else. */
export function parseIp(text: string): IpAddress | undefined {
  const bits = text.includes(":") ? parseV6(text) : undefined;
  if (bits !== undefined) return toUnmapped(bits);
  const v4 = parseV4(text);
  return v4 === undefined ? undefined : { version: 4, bits: v4 };
}

/**
 * IPv4 in every spelling that inet_aton(3) takes: one to four parts, each decimal, octal (`0…`) or hexadecimal (`0x…`), the last one
 * filling what is left. Undefined for all else.
 */
export function parseLooseV4(text: string): IpAddress | undefined {
  const parts = text.split(".").map(toPart);
  if (parts.length > 4) return undefined;
  let bits = 0n;
  for (const [at, part] of parts.entries()) {
    const isLast = at === parts.length - 1;
    const width = isLast ? BigInt(8 * (5 - parts.length)) : 8n;
    if (part === undefined || part >= 1n << width) return undefined;
    bits = (bits << width) | part;
  }
  return { version: 4, bits };
}

/** The shortest form (RFC 5952), IPv6 without brackets. */
export function renderIp({ version, bits }: IpAddress): string {
  if (version === 4)
    return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join(".");
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((bits >> BigInt(16 * (7 - at))) & 0xffffn).toString(16),
  );
  const zeros = findLongestZeros(groups);
  if (zeros === undefined) return groups.join(":");
  const { start, length } = zeros;
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

function toUnmapped(bits: bigint): IpAddress {
  return bits >> 32n === MAPPED_PREFIX >> 32n
    ? { version: 4, bits: bits & MOST_V4 }
    : { version: 6, bits };
}

function parseV4(text: string): bigint | undefined {
  if (!/^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(text)) return undefined;
  return parseLooseV4(text)?.bits;
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(toGroups);
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => 0n), ...(tail ?? [])];
  return groups.reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** The groups of one side of `::`; its last 32 bits may be dotted. */
function toGroups(text: string): readonly bigint[] | undefined {
  if (text === "") return [];
  const words = text.split(":");
  const last = words.at(-1) ?? "";
  const dotted = last.includes(".") ? parseV4(last) : undefined;
  if (dotted !== undefined) words.pop();
  if (!words.every((word) => /^[0-9a-f]{1,4}$/i.test(word))) return undefined;
  const groups = words.map((word) => BigInt(`0x${word}`));
  return dotted === undefined ? groups : [...groups, dotted >> 16n, dotted & 0xffffn];
}

function toPart(text: string): bigint | undefined {
  if (/^0x[0-9a-f]{0,8}$/i.test(text)) return BigInt(text.length === 2 ? "0" : text);
  if (/^0[0-7]{1,11}$/.test(text)) return BigInt(`0o${text.slice(1)}`);
  return /^(?:0|[1-9]\d{0,9})$/.test(text) ? BigInt(text) : undefined;
}

/** The first of the longest runs of two zeros or more. */
function findLongestZeros(
  groups: readonly string[],
): { readonly start: number; readonly length: number } | undefined {
  let best: { start: number; length: number } | undefined;
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === "0") length++;
    if (length >= 2 && length > (best?.length ?? 0)) best = { start, length };
    start += length;
  }
  return best;
}
