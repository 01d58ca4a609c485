import { toKey } from "./close-selection.js";
import type { DraftSource } from "./draft.js";
import { findKept, type KeptStep } from "./find-kept.js";
import { readJournal } from "./read-journal.js";
import { keeperRoot, PREVIOUS_ROOT } from "./roots.js";
import type { Workbench } from "./stage-steps.js";
import type { Step } from "./step.js";
import type { TransactionHeader } from "./transaction.js";

/**
 * A rollback that undid a rollback of the commit in question: what the commit had kept went to the workspace by the
 * one, and by the other into this one's `before/`.
 */
export interface Keeper {
  readonly header: TransactionHeader;
  readonly root: string;
  readonly steps: ReadonlyMap<string, Step>;
}

/** Reads the journals of keepers. One that is not sealed keeps nothing. */
export function readKeepers(commitDirs: readonly string[]): readonly Keeper[] {
  return commitDirs.flatMap((directory, index) => {
    const { transaction, sealed } = readJournal(directory);
    if (transaction === undefined || !sealed) return [];
    const steps = new Map(
      transaction.steps.map((step) => [toKey(step.workspace, step.path), step]),
    );
    return [{ header: transaction.header, root: keeperRoot(index), steps }];
  });
}

/** `findKept` in the commit's own `before/`, else in a keeper's that has the same state; a text says why nowhere. */
export function findKeptAnywhere(
  bench: Workbench,
  own: Omit<KeptStep, "root">,
  keepers: readonly Keeper[],
): DraftSource | string {
  const found = findKept(bench, { ...own, root: PREVIOUS_ROOT });
  if (typeof found !== "string") return found;
  for (const keeper of keepers) {
    const elsewhere = findAtKeeper(bench, own, keeper);
    if (elsewhere !== undefined && typeof elsewhere !== "string") return elsewhere;
  }
  return found;
}

function findAtKeeper(
  bench: Workbench,
  { step: { workspace, path }, before }: Omit<KeptStep, "root">,
  keeper: Keeper,
): DraftSource | string | undefined {
  const step = keeper.steps.get(toKey(workspace, path));
  const kept = step?.before;
  if (step === undefined || kept === undefined) return undefined;
  if (kept.type !== before.type || kept.digest !== before.digest) return undefined;
  const { header, root } = keeper;
  return findKept(bench, { step, before: kept, header, root });
}
