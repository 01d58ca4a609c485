import type { EngineProbe } from "../engine.js";
import type { OciEngineOptions } from "./open-oci-engine.js";

/** Makes a real sandbox and says what this host can do. */
export async function probeEngine(_options: OciEngineOptions): Promise<EngineProbe> {
  return { engine: "oci", ok: false, checks: [] };
}
