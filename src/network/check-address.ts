import { networkInterfaces } from "node:os";
import { type AddressClass, toAddressClass } from "../core/address-class.js";
import { isSameHost } from "../core/host-name.js";
import { parseIp, renderIp } from "../core/ip-address.js";
import type { Place } from "./gateway.js";

/** What is asked of an address that a connection would go to. */
export interface AddressQuestion {
  readonly address: string;
  readonly port: number;
  /** Canonical, as it was asked for: an address that was named itself is known to be what it is. */
  readonly host: string;
  readonly mayBePrivate: boolean;
  readonly forbidden: readonly Place[];
}

/** Undefined where it may be connected to; else one line that says why not. */
export function checkAddress(question: AddressQuestion): string | undefined {
  const { address, port, host, mayBePrivate, forbidden } = question;
  const parsed = parseIp(address);
  if (parsed === undefined) return `${address} is no address`;
  const canonical = renderIp(parsed);
  const kind = toAddressClass(parsed);
  const isOwn = kind === "loopback" || kind === "unspecified" || isOfThisHost(canonical);
  if (isForbidden({ address: canonical, port, isOwn }, forbidden))
    return "this is the controller's own address";
  if (kind === "public" && !isOwn) return undefined;
  const isNamed = isSameHost(host, canonical);
  if (mayBePrivate && (isNamed || BY_NAME.has(kind))) return undefined;
  return `${canonical} is ${isOwn ? "this host's own" : WORDS[kind]}`;
}

/** What a name may have that was said to be private. The rest must have been named by its address. */
const BY_NAME: ReadonlySet<AddressClass> = new Set([
  "public",
  "loopback",
  "private",
  "link-local",
  "shared",
]);

const WORDS: Readonly<Record<AddressClass, string>> = {
  public: "public",
  loopback: "this host's own",
  private: "private",
  "link-local": "link-local",
  metadata: "a metadata service's",
  shared: "a provider's own (100.64.0.0/10)",
  multicast: "a multicast address",
  unspecified: "no address of anybody",
  reserved: "reserved",
};

function isForbidden(
  { address, port, isOwn }: { address: string; port: number; isOwn: boolean },
  forbidden: readonly Place[],
): boolean {
  return forbidden.some(
    (place) => place.port === port && (isOwn || isSameHost(place.host, address)),
  );
}

/** Asked anew each time: addresses come and go with networks. */
function isOfThisHost(address: string): boolean {
  return Object.values(networkInterfaces()).some((own) =>
    own?.some((entry) => {
      const parsed = parseIp(entry.address);
      return parsed !== undefined && renderIp(parsed) === address;
    }),
  );
}
