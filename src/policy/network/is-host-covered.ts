import { toAddressClass } from "../../core/address-class.js";
import { parseIp } from "../../core/ip-address.js";
import type { ProfileNetwork } from "../../core/profile.js";
import type { HostRule } from "../../core/send.js";
import { matchesHost, USUAL_PORTS } from "../../core/match-host.js";
import { isBelow } from "../../core/path-prefix.js";

/** Whether everything that `rule` allows is allowed by `network` already. */
export function isHostCovered(network: ProfileNetwork, rule: HostRule): boolean {
  if (network.mode === "none") return false;
  if (network.mode === "open" && isPublic(rule)) return true;
  return network.allow.some((wide) => covers(wide, rule));
}

/** In mode `open` only what is public is allowed without a rule. */
function isPublic({ host, private: isPrivate }: HostRule): boolean {
  const address = parseIp(host);
  if (isPrivate === true || host === "localhost" || host.endsWith(".localhost")) return false;
  return address === undefined || toAddressClass(address) === "public";
}

function covers(wide: HostRule, rule: HostRule): boolean {
  const ports = wide.ports ?? USUAL_PORTS;
  const isBelowOne = (path: string): boolean =>
    wide.paths?.some((prefix) => isBelow(path, prefix)) ?? true;
  return (
    (wide.host === rule.host || matchesHost(wide.host, rule.host)) &&
    (rule.ports ?? USUAL_PORTS).every((port) => ports.includes(port)) &&
    (wide.methods === undefined ||
      (rule.methods?.every((method) => wide.methods?.includes(method)) ?? false)) &&
    (wide.paths === undefined || (rule.paths?.every(isBelowOne) ?? false)) &&
    (rule.private !== true || wide.private === true)
  );
}
