import type { NetworkPolicy } from "../../core/send.js";
import { renderHostRule, renderPlace } from "../../policy/network/render-host-rule.js";

/** What a session may reach, a line each; undefined is no network. */
export function describeNetwork(network: NetworkPolicy | undefined): readonly string[] {
  if (network === undefined) return ["none"];
  const hosts = network.allow.map(renderHostRule);
  if (network.mode === "open") return ["any public address", ...hosts];
  return hosts.length === 0 ? ["an empty allowlist: nothing"] : hosts;
}

/** `HOST:PORT`. */
export function describePlace({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): string {
  return renderPlace(host, port);
}
