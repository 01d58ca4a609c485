import type { ProcessStamp } from "../../core/session.js";
import type { FoundDaemon } from "./find-daemon.js";

/** Which daemon the engine talks to, and where it finds and keeps things. */
export interface DockerEngineOptions {
  readonly daemon: FoundDaemon;
  /** `$SANDBOX_HOME`: what the daemon has of ours is labelled with it. */
  readonly stateHome: string;
  /** A directory of the user for what can be made anew; made when it is needed. */
  readonly cacheDir: string;
  /** The directory that holds `seccomp/<name>.json`. */
  readonly profilesDir: string;
  /** This process. */
  readonly owner: ProcessStamp;
  /** Name of a runtime that the daemon is configured with. Absent: the daemon's default. */
  readonly runtime?: string;
}
