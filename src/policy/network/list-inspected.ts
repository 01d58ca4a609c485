import type { Profile } from "../../core/profile.js";

/** The hosts whose TLS is opened: those that the profile names, and those of its secrets. Only in what the gateway reads can it put a secret in its place. */
export function listInspected({
  network,
  secrets = {},
  home = [],
  git_credentials = [],
}: Pick<Profile, "network" | "secrets" | "home" | "git_credentials">): readonly string[] {
  const secret = [...Object.values(secrets), ...home].flatMap(({ hosts }) => hosts);
  const git = git_credentials.filter(({ scheme }) => scheme === "https");
  return [...new Set([...(network.inspect ?? []), ...[...secret, ...git].map(({ host }) => host)])];
}
