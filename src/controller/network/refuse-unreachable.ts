import { SandboxError } from "../../core/error.js";
import type { NetworkPolicy } from "../../core/send.js";
import { mayReach } from "../../policy/network/may-reach.js";
import { renderPlace } from "../../core/render-place.js";

/** Throws `usage` where a rule of `setting` is for a place at which nothing may be sent. `scheme` is shown before it. */
export function refuseUnreachable(
  network: NetworkPolicy,
  setting: "ssh_agent" | "git_credentials",
  rule: { readonly host: string; readonly port: number; readonly scheme?: string },
): void {
  if (mayReach(network, rule)) return;
  const place = renderPlace(rule.host, rule.port);
  const shown = rule.scheme === undefined ? place : `${rule.scheme}://${place}`;
  throw new SandboxError("usage", `${setting} names ${shown}, which is not allowed`, {
    hint: `add "${place}" to network.allow, or --allow ${place}`,
  });
}
