import type { ProfileNetwork } from "../../core/profile.js";
import type { HostRule } from "../../core/send.js";
import { matchesHost, USUAL_PORTS } from "../../core/match-host.js";
import { isBelow } from "../../core/path-prefix.js";
import { isPublicHost } from "./is-public-host.js";

/** Whether everything that `rule` allows is allowed by `network` already. */
export function isHostCovered(network: ProfileNetwork, rule: HostRule): boolean {
  if (network.mode === "none") return false;
  if (network.mode === "open" && rule.private !== true && isPublicHost(rule.host)) return true;
  return network.allow.some((wide) => covers(wide, rule));
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
