import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { SandboxError } from "../../core/error.js";
import type { Engine, EngineProbe, ImageFacts, RunningSandbox, StartOptions } from "../engine.js";
import { findRuntime } from "./find-runtime.js";
import { findScript } from "./find-script.js";
import type { OciEngineOptions } from "./oci-engine-options.js";
import { startSandbox } from "./start-sandbox.js";

/** The embedded engine: an OCI bundle, run by crun or runc, without a daemon and without root. */
export function openOciEngine(options: OciEngineOptions): Engine {
  return {
    name: "oci",
    async start(spec: SandboxSpec, startOptions: StartOptions): Promise<RunningSandbox> {
      const runtime = findRuntime(options.runtime);
      const stage = findScript("stage.pl");
      return startSandbox({ spec, options: startOptions, runtime, stage, engine: options });
    },
    async resolveImage(reference: string): Promise<ImageFacts> {
      throw new SandboxError("usage", `--image ${reference}: not in this version`);
    },
    // The kernel ends a sandbox with its stage, and all its mounts with it: nothing is ever left.
    async settle(): Promise<void> {},
    prune: async () => [],
    async probe(): Promise<EngineProbe> {
      const { probeEngine } = await import("./probe-engine.js");
      return probeEngine(options, (runtime) => openOciEngine({ ...options, runtime }));
    },
  };
}
