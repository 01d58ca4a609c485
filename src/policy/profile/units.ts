import { parseDuration, parseSize } from "../parse-limits.js";

/** Whether `text` is a size as `--memory` takes it. */
export function isSize(text: string): boolean {
  return parses(() => parseSize(text, ""));
}

/** Whether `text` is a time as `--timeout` takes it. */
export function isDuration(text: string): boolean {
  return parses(() => parseDuration(text, ""));
}

/** Bytes of what `isSize` accepted, or a number of bytes. */
export function toBytes(size: string | number): number {
  return typeof size === "number" ? size : parseSize(size, "");
}

/** Milliseconds of what `isDuration` accepted. */
export function toMilliseconds(duration: string): number {
  return parseDuration(duration, "");
}

/** `4 GiB`: the largest unit in which `bytes` is short. */
export function renderBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(2))} ${units[unit]}`;
}

/** `1 h 30 min`. */
export function renderDuration(milliseconds: number): string {
  const parts: string[] = [];
  let rest = milliseconds;
  for (const [unit, length] of [
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
    ["ms", 1],
  ] as const) {
    const count = Math.floor(rest / length);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * length;
  }
  return parts.join(" ");
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
