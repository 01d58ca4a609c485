import type { SecretPlace } from "./profile.js";
import type { GitCredentialRule, HostRule } from "./send.js";

/** A secret as the gateway has it, while a task runs. `value` is never to be shown, logged or kept. */
export interface OpenSecret {
  readonly name: string;
  /** What the task holds: as long as the value, and worth nothing. */
  readonly placeholder: string;
  readonly value: string;
  readonly hosts: readonly HostRule[];
  readonly places: readonly SecretPlace[];
  /** It is for git alone: only with requests as git makes them, by this scheme, and not for more than this. */
  readonly git?: Pick<GitCredentialRule, "scheme" | "access">;
}
