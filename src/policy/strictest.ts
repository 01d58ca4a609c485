import type { Verdict } from "../core/profile.js";

const ORDER: Readonly<Record<Verdict, number>> = { allow: 0, ask: 1, deny: 2 };

/** Below 0 where `a` is milder than `b`, above where it is stricter. */
export function compareVerdicts(a: Verdict, b: Verdict): number {
  return ORDER[a] - ORDER[b];
}

/**
 * The item whose verdict is strictest; of several, the one whose rule comes first by name: the order of the list
 * never matters. Undefined for none.
 */
export function findStrictest<T extends { readonly decision: Verdict; readonly rule: string }>(
  items: readonly T[],
): T | undefined {
  let found: T | undefined;
  for (const item of items) {
    const by = found === undefined ? 1 : compareVerdicts(item.decision, found.decision);
    if (found === undefined || by > 0 || (by === 0 && item.rule < found.rule)) found = item;
  }
  return found;
}
