import { type IpAddress, parseIp } from "./ip-address.js";

/** What kind of place an address is; only `public` is the internet. */
export type AddressClass =
  | "public"
  | "loopback"
  | "private"
  | "link-local"
  | "metadata"
  | "shared"
  | "multicast"
  | "unspecified"
  | "reserved";

/** Ranges of the IANA registries for special purposes (RFC 6890 and its successors); the first that holds an address is its class. */
const RANGES = [
  ["metadata", "169.254.169.254/32"], // AWS, Google Cloud, Azure, DigitalOcean
  ["metadata", "169.254.170.2/32"], // AWS, tasks
  ["metadata", "169.254.170.23/32"], // AWS, pods
  ["metadata", "100.100.100.200/32"], // Alibaba Cloud
  ["metadata", "168.63.129.16/32"], // Azure, agent
  ["metadata", "192.0.0.192/32"], // Oracle Cloud
  ["metadata", "fd00:ec2::254/128"],
  ["metadata", "fd00:ec2::23/128"],
  ["metadata", "fd20:ce::254/128"],
  ["metadata", "fe80::a9fe:a9fe/128"],
  ["unspecified", "0.0.0.0/8"], // Linux connects 0.0.0.0 to the loopback
  ["private", "10.0.0.0/8"],
  ["shared", "100.64.0.0/10"],
  ["loopback", "127.0.0.0/8"],
  ["link-local", "169.254.0.0/16"],
  ["private", "172.16.0.0/12"],
  ["reserved", "192.0.0.0/24"],
  ["reserved", "192.0.2.0/24"],
  ["reserved", "192.88.99.0/24"],
  ["private", "192.168.0.0/16"],
  ["private", "198.18.0.0/15"],
  ["reserved", "198.51.100.0/24"],
  ["reserved", "203.0.113.0/24"],
  ["multicast", "224.0.0.0/4"],
  ["reserved", "240.0.0.0/4"],
  ["unspecified", "::/128"],
  ["loopback", "::1/128"],
  ["reserved", "::/96"],
  ["reserved", "64:ff9b:1::/48"],
  ["reserved", "100::/64"],
  ["reserved", "2001::/23"],
  ["reserved", "2001:db8::/32"],
  ["reserved", "3fff::/20"],
  ["reserved", "5f00::/16"],
  ["private", "fc00::/7"],
  ["link-local", "fe80::/10"],
  ["private", "fec0::/10"],
  ["multicast", "ff00::/8"],
] as const satisfies readonly (readonly [AddressClass, string])[];

/** Where an IPv4 address is within an IPv6 one: NAT64 (RFC 6052) and 6to4 (RFC 3056) are as that address. */
const CARRIERS = [
  { range: toRange("64:ff9b::/96"), shift: 0n },
  { range: toRange("2002::/16"), shift: 80n },
] as const;

const TABLE = RANGES.map(([kind, range]) => ({ kind: kind as AddressClass, ...toRange(range) }));
const GLOBAL_UNICAST = toRange("2000::/3");

/** The class of an address. What carries an IPv4 address has that one's. IPv6 outside of what is given out is `reserved`. */
export function toAddressClass(address: IpAddress): AddressClass {
  const found = TABLE.find((range) => isWithin(address, range));
  if (found !== undefined) return found.kind;
  if (address.version === 4) return "public";
  const carrier = CARRIERS.find(({ range }) => isWithin(address, range));
  if (carrier !== undefined)
    return toAddressClass({ version: 4, bits: (address.bits >> carrier.shift) & 0xffffffffn });
  return isWithin(address, GLOBAL_UNICAST) ? "public" : "reserved";
}

interface Range {
  readonly version: 4 | 6;
  /** The bits of the prefix alone. */
  readonly prefix: bigint;
  /** How many bits come after it. */
  readonly rest: bigint;
}

function isWithin(address: IpAddress, { version, prefix, rest }: Range): boolean {
  return address.version === version && address.bits >> rest === prefix;
}

function toRange(text: string): Range {
  const [address = "", length] = text.split("/");
  const parsed = parseIp(address);
  if (parsed === undefined) throw new Error(`no range: ${text}`);
  const rest = BigInt((parsed.version === 4 ? 32 : 128) - Number(length));
  return { version: parsed.version, prefix: parsed.bits >> rest, rest };
}
