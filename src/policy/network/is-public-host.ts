import { toAddressClass } from "../../core/address-class.js";
import { parseIp } from "../../core/ip-address.js";

/** What mode `open` reaches without a rule, as far as a name tells it: false for an address that is not public, and for names that never are. */
export function isPublicHost(host: string): boolean {
  const address = parseIp(host);
  if (address !== undefined) return toAddressClass(address) === "public";
  return host !== "localhost" && !host.endsWith(".localhost");
}
