import { matchesPlace } from "../../core/match-host.js";
import type { NetworkPolicy } from "../../core/send.js";
import { isPublicHost } from "./is-public-host.js";

/** Whether anything at all may be sent to a place: what is named for one that may not be reached was meant otherwise. */
export function mayReach(
  policy: NetworkPolicy,
  place: { readonly host: string; readonly port: number },
): boolean {
  return isOpenTo(policy, place) || policy.allow.some((rule) => matchesPlace(rule, place));
}

/** Whether a host may be reached without a rule, at any port and by any request. */
export function isOpenTo(
  { mode }: Pick<NetworkPolicy, "mode">,
  { host }: { readonly host: string },
): boolean {
  return mode === "open" && isPublicHost(host);
}
