import type { SandboxSpec } from "../../core/sandbox-spec.js";
import type { Engine, EngineProbe, ImageFacts, RunningSandbox, StartOptions } from "../engine.js";
import { findRuntime } from "./find-runtime.js";
import { findScript } from "./find-script.js";
import type { OciEngineOptions } from "./oci-engine-options.js";
import { startSandbox } from "./start-sandbox.js";

/** The embedded engine: an OCI bundle, run by crun, runc or runsc (gVisor), without a daemon and without root. */
export function openOciEngine(options: OciEngineOptions): Engine {
  return {
    name: "oci",
    async start(spec: SandboxSpec, startOptions: StartOptions): Promise<RunningSandbox> {
      const runtime = findRuntime(options.runtime);
      const stage = findScript("stage.pl");
      return startSandbox({ spec, options: startOptions, runtime, stage, engine: options });
    },
    resolveImage: async (reference, progress) => await resolveImage(options, reference, progress),
    // The kernel ends a sandbox with its stage, and all its mounts with it: only an empty control group can be left.
    settle: removeLeft,
    abandon: async (left) => {
      await removeLeft(left);
      return undefined;
    },
    async prune({ dryRun, isImageUsed }): Promise<readonly string[]> {
      if (options.imagesDir === undefined) return [];
      const { pruneImages } = await import("../images/prune-images.js");
      return await pruneImages(options.imagesDir, {
        dryRun,
        ...(isImageUsed === undefined ? {} : { isUsed: isImageUsed }),
      });
    },
    async probe(): Promise<EngineProbe> {
      const { probeEngine } = await import("./probe-engine.js");
      return probeEngine(options, (runtime) => openOciEngine({ ...options, runtime }));
    },
  };
}

async function removeLeft({ sandboxId }: Parameters<Engine["settle"]>[0]): Promise<void> {
  const { removeLeftLimits } = await import("./plan-limits.js");
  await removeLeftLimits(sandboxId);
}

async function resolveImage(
  { imagesDir, daemonSearch }: OciEngineOptions,
  reference: string,
  progress: Parameters<Engine["resolveImage"]>[1],
): Promise<ImageFacts> {
  if (imagesDir === undefined) throw new Error("this engine was opened without a store of images");
  const images = await import("../images/resolve-image.js");
  return await images.resolveImage(reference, {
    imagesDir,
    ...(progress === undefined ? {} : { progress }),
    ...(daemonSearch === undefined
      ? {}
      : {
          openDaemonImages: async () =>
            (await import("../docker/daemon-images.js")).openDaemonImages(daemonSearch),
        }),
  });
}
