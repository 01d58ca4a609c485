import type { RunsLaterRule } from "./risk-rule.js";
import { RUNS_LATER } from "./risk-rules.js";
import { matchesGlob } from "./wildmatch.js";

/** A rule with its place in the table. */
interface Entry {
  readonly order: number;
  readonly rule: RunsLaterRule;
}

/** Rules by what their first component begins with, so that a path meets only a few of them. */
interface RuleIndex {
  readonly exact: ReadonlyMap<string, readonly Entry[]>;
  readonly byExtension: ReadonlyMap<string, readonly Entry[]>;
  readonly byStart: ReadonlyMap<string, readonly Entry[]>;
}

const START = 3;
const INDEX = toIndex(RUNS_LATER);

/**
 * The first rule of the table that `path` matches. Regardless of case and of invisible characters,
 * since filesystems that ignore them exist (HFS+, vfat, ext4 with casefold, drives of WSL).
 */
export function findRunsLater(path: string, isDirectory: boolean): RunsLaterRule | undefined {
  const parts = toComparable(path).split("/");
  let best: Entry | undefined;
  for (const [at, part] of parts.entries()) {
    const place = { parts, at, isDirectory };
    best = firstMatch(INDEX.exact.get(part), place, best);
    const dot = part.lastIndexOf(".");
    best = firstMatch(INDEX.byExtension.get(part.slice(dot + 1)), place, best);
    best = firstMatch(INDEX.byStart.get(part.slice(0, START)), place, best);
  }
  return best?.rule;
}

interface Place {
  readonly parts: readonly string[];
  readonly at: number;
  readonly isDirectory: boolean;
}

/** Of `best` and the entries that match, the one that stands first in the table. */
function firstMatch(
  entries: readonly Entry[] | undefined,
  place: Place,
  best: Entry | undefined,
): Entry | undefined {
  if (entries === undefined) return best;
  let first = best;
  for (const entry of entries) {
    if (first !== undefined && first.order <= entry.order) continue;
    if (matchesAt(entry.rule.segments, place)) first = entry;
  }
  return first;
}

/** How a filesystem that ignores case sees a name; trailing dots and spaces go as on vfat. */
export function toComparable(path: string): string {
  const lower = path.toLowerCase();
  if (/^[!-~]*$/.test(lower) && !lower.includes("./") && !lower.endsWith(".")) return lower;
  const visible = lower.normalize("NFC").replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, "");
  return visible.replace(/(?<=[^/. ])[. ]+(?=\/|$)/g, "");
}

function matchesAt(segments: readonly string[], { parts, at, isDirectory }: Place): boolean {
  const isTree = segments.at(-1) === "**";
  const length = isTree ? segments.length - 1 : segments.length;
  const end = at + length;
  if (isTree ? end > parts.length : end !== parts.length) return false;
  if (isDirectory && end === parts.length) return false;
  for (let i = 0; i < length; i++)
    if (!matchesGlob(segments[i] ?? "", parts[at + i] ?? "")) return false;
  return true;
}

function toIndex(rules: readonly RunsLaterRule[]): RuleIndex {
  const exact = new Map<string, Entry[]>();
  const byExtension = new Map<string, Entry[]>();
  const byStart = new Map<string, Entry[]>();
  for (const [order, rule] of rules.entries()) {
    const first = rule.segments[0] ?? "";
    const star = first.indexOf("*");
    if (star < 0) add(exact, first, { order, rule });
    else if (star >= START) add(byStart, first.slice(0, START), { order, rule });
    else add(byExtension, first.slice(first.lastIndexOf(".") + 1), { order, rule });
  }
  return { exact, byExtension, byStart };
}

function add(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}
