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
    for (const entry of candidates(part)) {
      if (best !== undefined && best.order <= entry.order) continue;
      if (matchesAt(entry.rule.segments, parts, { at, isDirectory })) best = entry;
    }
  }
  return best?.rule;
}

/** How a filesystem that ignores case sees a name; trailing dots and spaces go as on vfat. */
export function toComparable(path: string): string {
  const lower = path.toLowerCase();
  if (/^[!-~]*$/.test(lower) && !lower.includes("./") && !lower.endsWith(".")) return lower;
  const visible = lower.normalize("NFC").replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, "");
  return visible.replace(/(?<=[^/. ])[. ]+(?=\/|$)/g, "");
}

function candidates(part: string): readonly Entry[] {
  const extension = part.slice(part.lastIndexOf(".") + 1);
  return [
    ...(INDEX.exact.get(part) ?? []),
    ...(INDEX.byExtension.get(extension) ?? []),
    ...(INDEX.byStart.get(part.slice(0, START)) ?? []),
  ];
}

function matchesAt(
  segments: readonly string[],
  parts: readonly string[],
  o: { readonly at: number; readonly isDirectory: boolean },
): boolean {
  const isTree = segments.at(-1) === "**";
  const literal = isTree ? segments.slice(0, -1) : segments;
  const end = o.at + literal.length;
  if (isTree ? end > parts.length : end !== parts.length) return false;
  if (o.isDirectory && end === parts.length) return false;
  return literal.every((glob, i) => matchesGlob(glob, parts[o.at + i] ?? ""));
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
