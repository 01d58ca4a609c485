import type { Profile } from "../../core/profile.js";

/** The hosts whose TLS is opened: those that the profile names, and those of its secrets. Only in what the gateway reads can it put a secret in its place. */
export function listInspected({
  network,
  secrets = {},
  home = [],
}: Pick<Profile, "network" | "secrets" | "home">): readonly string[] {
  const secret = [...Object.values(secrets), ...home].flatMap(({ hosts }) => hosts);
  return [...new Set([...(network.inspect ?? []), ...secret.map(({ host }) => host)])];
}
