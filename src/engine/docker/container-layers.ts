import type { SandboxSpec } from "../../core/sandbox-spec.js";
import type { Daemon } from "./open-daemon.js";
import type { Ownership } from "./labels.js";

/** A mount of a container, as far as we use them. */
export type ContainerMount =
  /** A named volume, or with `overlay` an anonymous one that the daemon mounts as an overlay and removes with its container. */
  | {
      readonly type: "volume";
      readonly source?: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** mount(2) data of an overlay, e.g. `lowerdir=/a,upperdir=/b,workdir=/c`. */
      readonly overlay?: string;
    }
  | {
      readonly type: "bind";
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** The source lies in a volume of the daemon's. */
      readonly isInVolume?: boolean;
    }
  /** `options` as mount(8) has them, e.g. `mode=0700,size=25%`. */
  | { readonly type: "tmpfs"; readonly target: string; readonly options: string };

/** What the uppers hold, and what is left where they lie. */
export interface UpperUsage {
  readonly heldBytes: number;
  /** Share of the filesystem's blocks, and of its inodes, that is free: 0 to 1. */
  readonly freeSpace: number;
  readonly freeInodes: number;
}

/** The layers of one sandbox as a daemon mounts them. */
export interface ContainerLayers {
  /** For the container, parents before children. */
  readonly mounts: readonly ContainerMount[];
  /** The daemon sees nothing of this machine: what is readable only or hidden is among `mounts` too. */
  readonly isRemote?: boolean;
  /** Undefined where the host watches the uppers itself. */
  readonly readUsage?: () => Promise<UpperUsage>;
  /**
   * After the container is gone: every upperdir is complete at the spec's host paths, work directories are emptied, nothing
   * is left that the caller cannot remove. Idempotent; never loses the only copy.
   */
  bringBack(): Promise<void>;
  /** After the container is gone: what lies on this machine can be removed by the caller. Brings nothing back. */
  makeRemovable(): Promise<void>;
  /** Removes volumes and helper containers of this sandbox. Never before `bringBack` succeeded. */
  remove(): Promise<void>;
}

/** What opens layers: `openMountedLayers` and `openCarriedLayers`. */
export interface OpenLayersInput {
  readonly daemon: Daemon;
  readonly spec: SandboxSpec;
  readonly ownership: Ownership;
  readonly scratchDir: string;
  /** A directory of the user for what can be made anew. */
  readonly cacheDir: string;
  readonly abort?: AbortSignal;
}
