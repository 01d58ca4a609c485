import type { OpenSecret } from "../../core/open-secret.js";
import type { FrozenProfile } from "../../core/profile.js";
import type { NetworkPolicy } from "../../core/send.js";
import { SandboxError } from "../../core/error.js";
import { toInsideEnv } from "../../policy/network/inside-env.js";
import { isHostCovered } from "../../policy/network/is-host-covered.js";
import { renderHostRule } from "../../policy/network/render-host-rule.js";
import { AGENT_SOCKET } from "../../core/gateway-listener.js";
import type { Env } from "../../policy/parse-env.js";
import type { Controller } from "../controller.js";
import { readSessionProfile } from "../session-profile.js";
import { openGitCredentials } from "./open-git-credentials.js";
import { openSecrets, toPlaceholderEnv } from "./open-secrets.js";
import type { PreparedAgent } from "./prepare-ssh-agent.js";
import { refuseUnknownHosts } from "./refuse-unknown-hosts.js";

/** What a task behind a gateway is given. */
export interface PreparedNetwork {
  readonly secrets: readonly OpenSecret[];
  /** Its variables, with the secrets' placeholders; undefined: it has no network. */
  readonly inside: Env | undefined;
  readonly agent?: PreparedAgent | undefined;
}

/**
 * Reads the secrets, asks for credentials, finds the ssh agent and says what the task finds in its environment. `named` are the hosts of `--allow`. Throws `usage` for what is not there or can
 * be sent nowhere, and for a host of `--allow` that does not exist.
 */
export async function prepareNetwork(
  controller: Pick<Controller, "env" | "host" | "notice" | "personHome">,
  network: NetworkPolicy,
  {
    profile,
    named,
  }: { readonly profile: FrozenProfile | undefined; readonly named: readonly string[] },
): Promise<PreparedNetwork> {
  const known = refuseUnknownHosts(controller, named);
  const resolved = readSessionProfile(profile === undefined ? {} : { profile });
  const secrets = resolved === undefined ? [] : await openSecrets(controller, resolved);
  for (const secret of secrets) refuseStuck(network, secret);
  const git = await openGitCredentials(controller, network);
  const agent = await openAgent(controller, network);
  await known;
  const inside = { ...toInsideEnv(network), ...toPlaceholderEnv(secrets), ...git.env };
  const all = [...secrets, ...git.secrets];
  if (agent === undefined) return { secrets: all, inside };
  return { secrets: all, inside: { ...inside, SSH_AUTH_SOCK: AGENT_SOCKET }, agent };
}

/** Loaded only where there is one. */
async function openAgent(
  controller: Pick<Controller, "env" | "personHome">,
  network: NetworkPolicy,
): Promise<PreparedAgent | undefined> {
  if (network.sshAgent === undefined) return undefined;
  const { prepareSshAgent } = await import("./prepare-ssh-agent.js");
  return await prepareSshAgent(controller, network);
}

/** What can never be put in was meant otherwise. */
function refuseStuck(network: NetworkPolicy, { name, hosts }: OpenSecret): void {
  if (hosts.some((host) => isHostCovered(network, host))) return;
  const places = hosts.map(renderHostRule).join(", ");
  throw new SandboxError(
    "usage",
    `the secret ${name} can be sent nowhere: ${places} is not allowed`,
    {
      hint: "add it to network.allow with the same ports (80 and 443 where none are named), or --allow it",
    },
  );
}
