import type { OpenSecret } from "../../core/open-secret.js";
import type { FrozenProfile } from "../../core/profile.js";
import type { NetworkPolicy } from "../../core/send.js";
import { SandboxError } from "../../core/error.js";
import { toInsideEnv } from "../../policy/network/inside-env.js";
import { isHostCovered } from "../../policy/network/is-host-covered.js";
import { renderHostRule } from "../../policy/network/render-host-rule.js";
import type { Env } from "../../policy/parse-env.js";
import type { Controller } from "../controller.js";
import { readSessionProfile } from "../session-profile.js";
import { openSecrets, toPlaceholderEnv } from "./open-secrets.js";
import { refuseUnknownHosts } from "./refuse-unknown-hosts.js";

/** What a task behind a gateway is given. */
export interface PreparedNetwork {
  readonly secrets: readonly OpenSecret[];
  /** Its variables, with the secrets' placeholders; undefined: it has no network. */
  readonly inside: Env | undefined;
}

/**
 * Reads the secrets and says what the task finds in its environment. `named` are the hosts of `--allow`. Throws `usage` for a secret that is not there or can
 * be sent nowhere, and for a host of `--allow` that does not exist.
 */
export async function prepareNetwork(
  controller: Pick<Controller, "env" | "host" | "notice">,
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
  await known;
  return { secrets, inside: { ...toInsideEnv(network), ...toPlaceholderEnv(secrets) } };
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
