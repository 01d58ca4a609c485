import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";
import { isRecord } from "./parse-answer.js";

/** Directory of `ca.pem`, `cert.pem` and `key.pem`, each of which may be missing. */
export interface TlsMaterial {
  readonly directory: string;
  /** False: the daemon's certificate is not checked, because the person's context says so. */
  readonly verify: boolean;
}

/** The endpoint of a context of the docker CLI. */
interface Context {
  readonly host: string;
  readonly tls?: TlsMaterial;
}

/** `currentContext` of `config.json` in the docker CLI's directory; undefined where none is set. */
export function readCurrentContext(config: string): string | undefined {
  const file = path.join(config, "config.json");
  const content = readJson(file);
  if (!isRecord(content)) return undefined;
  const name = content["currentContext"];
  return typeof name === "string" && name !== "" ? name : undefined;
}

/**
 * The context `name` (docker/cli, `cli/context/store`: directories are named by the SHA-256 of the name). Throws
 * `sandbox-unavailable` where there is none.
 */
export function readContext(config: string, name: string): Context {
  const id = createHash("sha256").update(name).digest("hex");
  const content = readJson(path.join(config, "contexts", "meta", id, "meta.json"));
  const endpoints = isRecord(content) ? content["Endpoints"] : undefined;
  const endpoint = isRecord(endpoints) ? endpoints["docker"] : undefined;
  const host = isRecord(endpoint) ? endpoint["Host"] : undefined;
  if (!isRecord(endpoint) || typeof host !== "string" || host === "")
    throw new SandboxError("sandbox-unavailable", `there is no docker context ${name}`, {
      hint: "`docker context ls` lists them; DOCKER_HOST names a daemon directly",
    });
  const directory = path.join(config, "contexts", "tls", id, "docker");
  const isChecked = endpoint["SkipTLSVerify"] !== true;
  if (!existsSync(directory) && isChecked) return { host };
  return { host, tls: { directory, verify: isChecked } };
}

function readJson(file: string): unknown {
  try {
    const content: unknown = JSON.parse(readFileSync(file, "utf8"));
    return content;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EACCES")) return undefined;
    throw new SandboxError("sandbox-unavailable", `${file} cannot be read as JSON`, {
      cause: error,
    });
  }
}
