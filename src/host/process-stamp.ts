import { readFileSync } from "node:fs";
import { hasErrno } from "../core/error.js";
import type { ProcessStamp } from "../core/session.js";

/** Field 22 of proc(5) `stat`, counted from the field after the command's closing parenthesis (field 3). */
const START_TIME = 22 - 3;

/** The stamp of a process, or undefined where there is none (or only its zombie). */
export function readProcessStamp(pid: number = process.pid): ProcessStamp | undefined {
  const startTime = readStartTime(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: readBootId() };
}

/** True while the very process that `stamp` was taken of still runs: a reused pid or another boot is not it. */
export function isAlive(stamp: ProcessStamp): boolean {
  return stamp.bootId === readBootId() && stamp.startTime === readStartTime(stamp.pid);
}

function readBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

function readStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[START_TIME];
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}
