import type { SandboxSpec } from "../../core/sandbox-spec.js";
import type { Engine, EngineProbe, RunningSandbox, StartOptions } from "../engine.js";
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
    async probe(): Promise<EngineProbe> {
      const { probeEngine } = await import("./probe-engine.js");
      return probeEngine(options, (runtime) => openOciEngine({ ...options, runtime }));
    },
  };
}
