import { mkdirSync, mkdtempSync } from "node:fs";
import path from "node:path";
import { isSandboxError } from "../../core/error.js";
import { readProgramVersion } from "../../host/read-program-version.js";
import { removeTree } from "../../host/remove-tree.js";
import type { Check, Engine, EngineProbe } from "../engine.js";
import { checkHost } from "./check-host.js";
import { findRuntime, findSystemProgram, type RuntimeName } from "./find-runtime.js";
import type { OciEngineOptions } from "./oci-engine-options.js";
import { checkSandbox } from "./probe-sandbox.js";

/** Without these a sandbox still is one: they are told, and do not fail the probe. */
const OPTIONAL = new Set(["subordinate-ids", "cgroups", "idmapped-mounts"]);

/** Makes a real sandbox and says what this host can do. */
export async function probeEngine(
  options: OciEngineOptions,
  openEngine: (runtime: RuntimeName) => Engine,
): Promise<EngineProbe> {
  const host = checkHost();
  const names: readonly RuntimeName[] =
    options.runtime === undefined ? ["crun", "runc"] : [options.runtime];
  let checks: readonly Check[] = host;
  for (const name of names) {
    if (names.length > 1 && findSystemProgram(name) === undefined) continue;
    const found = await probeRuntime(name, options.cacheDir, openEngine(name));
    checks = [...host, ...found.checks];
    if (isFit(checks)) return { engine: "oci", ok: true, runtime: found.version, checks };
  }
  if (checks === host) checks = [...host, ...missingRuntime(options.runtime)];
  return { engine: "oci", ok: false, checks };
}

function isFit(checks: readonly Check[]): boolean {
  return checks.every(({ id, ok }) => ok || OPTIONAL.has(id));
}

function missingRuntime(wanted: RuntimeName | undefined): readonly Check[] {
  const name = wanted ?? "crun";
  return [
    {
      id: "runtime",
      ok: false,
      detail: `${wanted ?? "neither crun nor runc"} not found`,
      fix: `apt-get install -y --no-install-recommends ${name}`,
    },
  ];
}

async function probeRuntime(
  name: RuntimeName,
  cacheDir: string,
  engine: Engine,
): Promise<{ readonly version: string; readonly checks: readonly Check[] }> {
  try {
    const runtime = findRuntime(name);
    const line = readProgramVersion(runtime.path);
    if (line === undefined) throw new Error(`${runtime.path} --version fails`);
    const version = line.replace(" version ", " ");
    const checks = await inProbeDirectory(cacheDir, (directory) => checkSandbox(engine, directory));
    return { version, checks: [{ id: "runtime", ok: true, detail: version }, ...checks] };
  } catch (error) {
    const fix = isSandboxError(error) ? error.hint : undefined;
    const detail = error instanceof Error ? error.message : String(error);
    const check: Check = {
      id: "runtime",
      ok: false,
      detail,
      ...(fix === undefined ? {} : { fix }),
    };
    return { version: name, checks: [check] };
  }
}

async function inProbeDirectory<T>(
  cacheDir: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  mkdirSync(cacheDir, { recursive: true, mode: 0o700 });
  const directory = mkdtempSync(path.join(cacheDir, "probe-"));
  try {
    return await work(directory);
  } finally {
    removeTree(directory);
  }
}
