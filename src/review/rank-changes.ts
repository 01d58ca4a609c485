import type { Level, Risk } from "../core/risk.js";
import { RANK } from "./assess-risks.js";
import type { ReviewedChange } from "./listed-changes.js";

/** Changes for a person: the worst first, else in the order of the changeset. */
export function rankChanges<T extends Pick<ReviewedChange, "risks">>(
  items: readonly T[],
): readonly T[] {
  const place = (item: T): number => {
    const level = worstLevel(item.risks);
    return level === undefined ? 3 : RANK[level];
  };
  return items.toSorted((a, b) => place(a) - place(b));
}

/** The level of the worst risk; undefined where there is none. */
function worstLevel(risks: readonly Risk[]): Level | undefined {
  return risks.reduce<Level | undefined>(
    (worst, { level }) => (worst !== undefined && RANK[worst] <= RANK[level] ? worst : level),
    undefined,
  );
}

/** How much a changeset does. */
export interface ChangeStats {
  readonly added: number;
  readonly modified: number;
  readonly deleted: number;
  /** Changes by their worst risk. */
  readonly risks: Readonly<Record<Level, number>>;
  /** Bytes of files that are new or changed. */
  readonly bytes: number;
}

/** Counts changes by kind and by risk. */
export function countStats(items: readonly ReviewedChange[]): ChangeStats {
  const kinds = { add: 0, modify: 0, delete: 0 };
  const risks = { high: 0, medium: 0, low: 0 };
  let bytes = 0;
  for (const { change, risks: found } of items) {
    kinds[change.kind] += 1;
    const level = worstLevel(found);
    if (level !== undefined) risks[level] += 1;
    if (change.after?.type === "file") bytes += change.after.size;
  }
  return { added: kinds.add, modified: kinds.modify, deleted: kinds.delete, risks, bytes };
}
