import { parseIp } from "../../core/ip-address.js";
import { matchesHost } from "../../core/match-host.js";
import type { NetworkPolicy } from "../../core/send.js";

/** Whether the resolver may answer for a canonical name. It tells nothing of the network: the address it gives is the gateway's own. */
export function mayResolve(policy: NetworkPolicy, name: string): boolean {
  if (parseIp(name) !== undefined) return false;
  return policy.mode === "open" || policy.allow.some((rule) => matchesHost(rule.host, name));
}
