import type { SandboxSpec } from "../../core/sandbox-spec.js";
import type { Engine, EngineProbe, RunningSandbox, StartOptions } from "../engine.js";
import { findRuntime, type RuntimeName } from "./find-runtime.js";
import { findScript } from "./find-script.js";
import { startSandbox } from "./start-sandbox.js";

/** Where the engine finds and keeps things, and which runtime it must use. */
export interface OciEngineOptions {
  /** A directory of the user for compiled filters; made when it is needed. */
  readonly cacheDir: string;
  /** The directory that holds `seccomp/<name>.json`. */
  readonly profilesDir: string;
  /** Absent: crun, else runc. */
  readonly runtime?: RuntimeName;
}

/** The embedded engine: an OCI bundle, run by crun or runc, without a daemon and without root. */
export function openOciEngine(options: OciEngineOptions): Engine {
  return {
    name: "oci",
    async start(spec: SandboxSpec, startOptions: StartOptions): Promise<RunningSandbox> {
      const runtime = findRuntime(options.runtime);
      return startSandbox({
        spec,
        options: startOptions,
        runtime,
        stage: findScript("stage.pl"),
        engine: options,
      });
    },
    async probe(): Promise<EngineProbe> {
      const { probeEngine } = await import("./probe-engine.js");
      return probeEngine(options);
    },
  };
}
