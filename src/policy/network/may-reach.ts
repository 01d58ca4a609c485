import { matchesPlace } from "../../core/match-host.js";
import type { NetworkPolicy } from "../../core/send.js";
import { isPublicHost } from "./is-public-host.js";

/** Whether anything at all may be sent to a place: what is named for one that may not be reached was meant otherwise. */
export function mayReach(
  { mode, allow }: NetworkPolicy,
  place: { readonly host: string; readonly port: number },
): boolean {
  const isEverywhere = mode === "open" && isPublicHost(place.host);
  return isEverywhere || allow.some((rule) => matchesPlace(rule, place));
}
