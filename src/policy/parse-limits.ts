import { SandboxError } from "../core/error.js";
import type { Limits } from "../core/sandbox-spec.js";

/** Limits as they were written. */
export interface LimitTexts {
  readonly timeout?: string | undefined;
  readonly memory?: string | undefined;
  readonly cpus?: string | undefined;
  readonly pids?: string | undefined;
  readonly upper?: string | undefined;
}

const DEFAULT_PIDS = 4096;

/** Powers of 1024, as Docker and systemd read them: `k`, `kb` and `kib` are the same. */
const SIZE_UNITS: Readonly<Record<string, number>> = { "": 0, k: 1, m: 2, g: 3, t: 4 };
const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
/** What a timer can count (a signed 32-bit number of milliseconds): 24.8 days. */
const LONGEST_MS = 2 ** 31 - 1;
/** Under this no program starts; Docker draws the line at the same place. */
const LEAST_MEMORY = 6 << 20;
/** A file may be no larger than all of them: with less the container's runtime cannot even say what went wrong. */
const LEAST_DISK = 1 << 20;
/** The sandbox itself needs a few before the task begins. */
const LEAST_PIDS = 16;
/** Linux's PID_MAX_LIMIT. */
const MOST_PIDS = 2 ** 22;
const MOST_CPUS = 8192;

/** All limits of a run. Throws `usage` naming the option and the right form. */
export function parseLimits(texts: LimitTexts): Limits {
  const { timeout, memory, cpus, pids, upper } = texts;
  return {
    ...(memory === undefined ? {} : { memoryBytes: parseMemory(memory, "--memory") }),
    ...(cpus === undefined ? {} : { cpus: parseCpus(cpus, "--cpus") }),
    pids: pids === undefined ? DEFAULT_PIDS : parsePids(pids, "--pids"),
    ...(upper === undefined ? {} : { upperBytes: parseDisk(upper, "--disk") }),
    ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, "--timeout") }),
  };
}

/** Bytes: `4GiB`, `512m`, `1.5g`, `4096`. */
export function parseSize(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)\s?(?:([kmgt])(?:i?b)?|b)?$/i.exec(text);
  const power = SIZE_UNITS[match?.[2]?.toLowerCase() ?? ""] ?? 0;
  const bytes = Math.floor(Number(match?.[1]) * 1024 ** power);
  if (match !== null && bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  if (match !== null && bytes < 1)
    throw toUsage(option, { text, form: "more than nothing, or leave it out for no limit" });
  throw toUsage(option, { text, form: "a size like 512m, 1.5g or 4GiB" });
}

/** Milliseconds: `90s`, `10m`, `1h30m`, `500ms`; a number alone is seconds. */
export function parseDuration(text: string, option: string): number {
  const full = /^\d+(?:\.\d+)?$/.test(text) ? `${text}s` : text;
  const isWhole = /^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(full);
  let total = 0;
  for (const [, number, unit] of full.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
    total += Number(number) * (DURATION_UNITS[unit ?? ""] ?? Number.NaN);
  const milliseconds = Math.round(total);
  if (isWhole && milliseconds >= 1 && milliseconds <= LONGEST_MS) return milliseconds;
  throw toUsage(option, { text, form: "a time like 90s, 10m or 1h30m, at most 24 days" });
}

/** Processors' worth of time: `0.5`, `2`. */
export function parseCpus(text: string, option: string): number {
  const cpus = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && cpus >= 0.01 && cpus <= MOST_CPUS) return cpus;
  throw toUsage(option, { text, form: "a number of processors like 0.5 or 2" });
}

/** How many processes and threads at once. */
export function parsePids(text: string, option: string): number {
  const pids = Number(text);
  if (/^\d+$/.test(text) && pids >= LEAST_PIDS && pids <= MOST_PIDS) return pids;
  throw toUsage(option, { text, form: `a whole number from ${LEAST_PIDS} to ${MOST_PIDS}` });
}

function parseMemory(text: string, option: string): number {
  const bytes = parseSize(text, option);
  if (bytes >= LEAST_MEMORY) return bytes;
  throw toUsage(option, { text, form: "at least 6m" });
}

function parseDisk(text: string, option: string): number {
  const bytes = parseSize(text, option);
  if (bytes >= LEAST_DISK) return bytes;
  throw toUsage(option, { text, form: "at least 1m" });
}

function toUsage(option: string, wrong: { text: string; form: string }): SandboxError {
  return new SandboxError("usage", `${option} ${JSON.stringify(wrong.text)}: give ${wrong.form}`);
}
