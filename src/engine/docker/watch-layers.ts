import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { RESERVE, watchUppers } from "../oci/watch-uppers.js";
import type { ContainerLayers, UpperUsage } from "./container-layers.js";

const INTERVAL_MS = 1000;

/** A watch; disposing of it ends it. */
export interface LayersWatch extends Disposable {
  /** Resolves when no look is under way any more: a look is a container. */
  settled(): Promise<void>;
}

/** Tells once why a task must end: too much in its upperdirs, or too little left where they lie. */
export function watchLayers(
  of: { readonly layers: ContainerLayers; readonly spec: Pick<SandboxSpec, "limits" | "mounts"> },
  onExceeded: (reason: string) => void,
): LayersWatch {
  const { layers, spec } = of;
  const maximum = spec.limits.upperBytes;
  const { readUsage } = layers;
  if (readUsage !== undefined) return watchUsage(readUsage, maximum, onExceeded);
  const uppers = spec.mounts.flatMap((mount) => (mount.kind === "overlay" ? [mount.upper] : []));
  const watch = watchUppers({ uppers, maximum, onExceeded });
  return { [Symbol.dispose]: () => watch[Symbol.dispose](), settled: async () => {} };
}

function watchUsage(
  readUsage: () => Promise<UpperUsage>,
  maximum: number | undefined,
  onExceeded: (reason: string) => void,
): LayersWatch {
  const state = { isAsking: false, isTold: false };
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    state.isAsking = true;
    const reason = toReason(await readUsage(), maximum);
    state.isAsking = false;
    if (reason === undefined || state.isTold) return;
    state.isTold = true;
    onExceeded(reason);
  };
  const timer = setInterval(() => {
    if (state.isAsking || state.isTold) return;
    looking = look().catch(() => {
      state.isAsking = false;
    });
  }, INTERVAL_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer), settled: () => looking };
}

function toReason(usage: UpperUsage, maximum: number | undefined): string | undefined {
  const { heldBytes, freeSpace, freeInodes } = usage;
  if (freeSpace < RESERVE) return "less than 5 % of the space of the daemon's filesystem is free";
  if (freeInodes < RESERVE)
    return "less than 5 % of the inodes of the daemon's filesystem are free";
  return maximum !== undefined && heldBytes > maximum
    ? `the changes hold ${(heldBytes / 2 ** 20).toFixed(1)} MiB, over the limit of ${(maximum / 2 ** 20).toFixed(1)} MiB`
    : undefined;
}
