import type { SecretPlace } from "./profile.js";
import type { HostRule } from "./send.js";

/** A secret as the gateway has it, while a task runs. `value` is never to be shown, logged or kept. */
export interface OpenSecret {
  readonly name: string;
  /** What the task holds: as long as the value, and worth nothing. */
  readonly placeholder: string;
  readonly value: string;
  readonly hosts: readonly HostRule[];
  readonly places: readonly SecretPlace[];
}
