import type { FrozenProfile } from "../core/profile.js";
import type { NetworkPolicy } from "../core/send.js";
import type { RunFacts } from "./gather-facts.js";
import type { RunRequest } from "./run-request.js";

/** A run that policy has let in. */
export interface PreparedRun {
  /** With what the profile says where the command line said nothing. */
  readonly request: RunRequest;
  readonly facts: RunFacts;
  readonly frozen: FrozenProfile;
  /** Absent: none. */
  readonly network?: NetworkPolicy;
}
