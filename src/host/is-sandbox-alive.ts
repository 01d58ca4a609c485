import { readdirSync, readFileSync } from "node:fs";
import { hasErrno } from "../core/error.js";
import type { SessionId } from "../core/ids.js";

/**
 * Whether a runtime still runs the sandbox of `session`. It is pid 1 of the sandbox's outer PID namespace, and has no
 * arguments any more (proc(5), `cmdline`) once the kernel has ended everything below it (pid_namespaces(7)).
 */
export function isSandboxAlive(session: SessionId): boolean {
  return readdirSync("/proc").some((name) => {
    if (!/^\d+$/.test(name)) return false;
    const argv = readArguments(name);
    return argv.includes("--pid-file") && argv.includes(session);
  });
}

function readArguments(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ESRCH", "EACCES")) return [];
    throw error;
  }
}
