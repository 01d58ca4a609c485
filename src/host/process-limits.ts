import { readFileSync } from "node:fs";

/** Hard limits of this process that a child's limits cannot exceed without privilege (getrlimit(2)); `Infinity`: none. */
export interface HardLimits {
  readonly openFiles: number;
  readonly processes: number;
  readonly data: number;
}

/** The hard limits of this process. */
export function readHardLimits(): HardLimits {
  const text = readFileSync("/proc/self/limits", "utf8");
  const hard = (name: string): number => {
    const value = new RegExp(`^${name} +\\S+ +(\\S+)`, "m").exec(text)?.[1];
    return value === undefined || value === "unlimited" ? Number.POSITIVE_INFINITY : Number(value);
  };
  return {
    openFiles: hard("Max open files"),
    processes: hard("Max processes"),
    data: hard("Max data size"),
  };
}

/** Numbers of the processors this process may run on. */
export function readAllowedProcessors(): readonly number[] {
  const status = readFileSync("/proc/self/status", "utf8");
  const list = /^Cpus_allowed_list:\t(.*)$/m.exec(status)?.[1] ?? "0";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
