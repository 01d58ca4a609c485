import { mkdirSync, mkdtempSync } from "node:fs";
import path from "node:path";
import { isSandboxError } from "../../core/error.js";
import { removeTree } from "../../host/remove-tree.js";
import type { Check, Engine, EngineProbe } from "../engine.js";
import { checkSandbox } from "../oci/probe-sandbox.js";
import type { DockerEngineOptions } from "./docker-engine-options.js";
import type { Daemon } from "./open-daemon.js";
import { isRecord, pick } from "./parse-answer.js";

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
    const source = `by ${options.daemon.source}`;
    checks.push({
      id: "daemon",
      ok: true,
      detail: `${daemon.address} (${source}): ${server}, API ${apiVersion}`,
    });
    const info = await readInfo(daemon);
    checks.push(toRuntimeCheck(info, options.runtime));
    mkdirSync(options.cacheDir, { recursive: true, mode: 0o700 });
    const directory = mkdtempSync(path.join(options.cacheDir, "probe-"));
    try {
      checks.push(...(await checkSandbox(engine, directory)));
    } finally {
      removeTree(directory);
    }
    const ok = checks.every((check) => check.ok || OPTIONAL.has(check.id));
    return { engine: "docker", ok, runtime: options.runtime ?? info.defaultRuntime, checks };
  } catch (error) {
    checks.push(toCheck(error, checks.length === 0 ? "daemon" : "sandbox"));
    return { engine: "docker", ok: false, checks };
  }
}

interface DaemonInfo {
  readonly defaultRuntime: string;
  readonly runtimes: readonly string[];
}

async function readInfo(daemon: Daemon): Promise<DaemonInfo> {
  const answer = await daemon.request({ method: "GET", path: "/info", doing: "ask what it is" });
  const runtimes = pick(answer, "Runtimes");
  return {
    defaultRuntime: String(pick(answer, "DefaultRuntime") ?? "docker"),
    runtimes: isRecord(runtimes) ? Object.keys(runtimes).toSorted() : [],
  };
}

function toRuntimeCheck(
  { defaultRuntime, runtimes }: DaemonInfo,
  wanted: string | undefined,
): Check {
  const ok = wanted === undefined || runtimes.length === 0 || runtimes.includes(wanted);
  return {
    id: "runtimes",
    ok,
    detail: `${runtimes.join(", ") || "not named"}; ${defaultRuntime} is the default`,
    ...(ok
      ? {}
      : {
          fix: "name it under `runtimes` in the daemon's /etc/docker/daemon.json and restart the daemon",
        }),
  };
}

function toCheck(error: unknown, id: string): Check {
  const detail = error instanceof Error ? error.message : String(error);
  const fix = isSandboxError(error) ? error.hint : undefined;
  return { id, ok: false, detail, ...(fix === undefined ? {} : { fix }) };
}
