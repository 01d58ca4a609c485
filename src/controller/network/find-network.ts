import type { Profile } from "../../core/profile.js";
import type { PreparedRun } from "../prepared-run.js";
import type { RunRequest } from "../run-request.js";

/** The network of a run. Most have none, and load nothing to know it. Throws `usage` for an option that is wrong. */
export async function findNetwork(
  request: RunRequest,
  profile: Pick<Profile, "network" | "secrets" | "home" | "ssh_agent" | "git_credentials">,
): Promise<Pick<PreparedRun, "network">> {
  const { network, allow = [], sshAgent = [], gitCredentials = [] } = request;
  const { ssh_agent = [], git_credentials = [] } = profile;
  const named = [allow, sshAgent, gitCredentials, ssh_agent, git_credentials];
  if (
    profile.network.mode === "none" &&
    (network ?? "none") === "none" &&
    named.every(({ length }) => length === 0)
  )
    return {};
  const { resolveNetwork } = await import("../../policy/network/resolve-network.js");
  const resolved = resolveNetwork({ network, allow, sshAgent, gitCredentials }, profile);
  return resolved === undefined ? {} : { network: resolved };
}
