import type { DaemonSearch } from "../docker/find-daemon.js";
import type { RuntimeName } from "./find-runtime.js";

/** Where the engine finds and keeps things, and which runtime it must use. */
export interface OciEngineOptions {
  /** A directory of the user for compiled filters; made when it is needed. */
  readonly cacheDir: string;
  /** The directory that holds `seccomp/<name>.json`. */
  readonly profilesDir: string;
  /** The store of unpacked images; made when it is needed. Absent: no image can be used. */
  readonly imagesDir?: string;
  /** Where images of a daemon are looked for. Absent: nowhere. */
  readonly daemonSearch?: DaemonSearch;
  /** Absent: crun, else runc. */
  readonly runtime?: RuntimeName;
}
