import type { OpenSecret } from "../../core/open-secret.js";
import type { FrozenProfile } from "../../core/profile.js";
import type { NetworkPolicy } from "../../core/send.js";
import { toInsideEnv } from "../../policy/network/inside-env.js";
import type { Env } from "../../policy/parse-env.js";
import type { Controller } from "../controller.js";
import { readSessionProfile } from "../session-profile.js";
import { openSecrets, toPlaceholderEnv } from "./open-secrets.js";

/** What a task behind a gateway is given. */
export interface PreparedNetwork {
  readonly secrets: readonly OpenSecret[];
  /** Its variables, with the secrets' placeholders; undefined: it has no network. */
  readonly inside: Env | undefined;
}

/** Reads the secrets and says what the task finds in its environment. Throws `usage` for a secret that is not there. */
export async function prepareNetwork(
  controller: Pick<Controller, "env" | "host">,
  network: NetworkPolicy,
  profile: FrozenProfile | undefined,
): Promise<PreparedNetwork> {
  const resolved = readSessionProfile(profile === undefined ? {} : { profile });
  const secrets = resolved === undefined ? [] : await openSecrets(controller, resolved);
  return { secrets, inside: { ...toInsideEnv(network), ...toPlaceholderEnv(secrets) } };
}
