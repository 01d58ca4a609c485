import { mkdirSync, mkdtempSync } from "node:fs";
import path from "node:path";
import { isSandboxError } from "../../core/error.js";
import { removeTree } from "../../host/remove-tree.js";
import type { Check, Engine, EngineProbe } from "../engine.js";
import { checkSandbox } from "../oci/probe-sandbox.js";
import type { DockerEngineOptions } from "./docker-engine-options.js";
import type { Daemon } from "./open-daemon.js";

/** Without it a sandbox still is one: it is told, and does not fail the probe. */
const OPTIONAL = new Set(["idmapped-mounts"]);

/** Talks to the daemon and makes a real sandbox there. */
export async function probeDocker(
  options: DockerEngineOptions,
  connect: () => Promise<Daemon>,
  engine: Engine,
): Promise<EngineProbe> {
  const checks: Check[] = [];
  try {
    const daemon = await connect();
    const { server, apiVersion } = daemon.facts;
    checks.push({
      id: "daemon",
      ok: true,
      detail: `${daemon.address}: ${server}, API ${apiVersion}`,
    });
    mkdirSync(options.cacheDir, { recursive: true, mode: 0o700 });
    const directory = mkdtempSync(path.join(options.cacheDir, "probe-"));
    try {
      checks.push(...(await checkSandbox(engine, directory)));
    } finally {
      removeTree(directory);
    }
    const ok = checks.every((check) => check.ok || OPTIONAL.has(check.id));
    return { engine: "docker", ok, runtime: options.runtime ?? "docker", checks };
  } catch (error) {
    checks.push(toCheck(error, checks.length === 0 ? "daemon" : "sandbox"));
    return { engine: "docker", ok: false, checks };
  }
}

function toCheck(error: unknown, id: string): Check {
  const detail = error instanceof Error ? error.message : String(error);
  const fix = isSandboxError(error) ? error.hint : undefined;
  return { id, ok: false, detail, ...(fix === undefined ? {} : { fix }) };
}
