import type { Profile } from "../../core/profile.js";
import type { PreparedRun } from "../prepared-run.js";
import type { RunRequest } from "../run-request.js";

/** The network of a run. Most have none, and load nothing to know it. Throws `usage` for an option that is wrong. */
export async function findNetwork(
  { network, allow = [] }: RunRequest,
  profile: Pick<Profile, "network" | "secrets" | "home">,
): Promise<Pick<PreparedRun, "network">> {
  if (profile.network.mode === "none" && allow.length === 0 && (network ?? "none") === "none")
    return {};
  const { resolveNetwork } = await import("../../policy/network/resolve-network.js");
  const resolved = resolveNetwork({ network, allow }, profile);
  return resolved === undefined ? {} : { network: resolved };
}
