import type { Draft } from "./draft.js";
import { KEPT_ROOT, stageRoot } from "./roots.js";
import { stagePlace } from "./stage-dirs.js";
import type { Workbench } from "./stage-steps.js";
import type { OpaqueDir, Place } from "./step.js";
import { toSteps } from "./to-steps.js";
import { toTouchedDirs } from "./to-touched-dirs.js";
import type { Transaction, TransactionHeader } from "./transaction.js";

/** What a transaction is made of. */
export interface TransactionParts {
  readonly header: TransactionHeader;
  readonly drafts: readonly Draft[];
  readonly opaques: readonly OpaqueDir[];
  /** True where the layers are changed as well. */
  readonly uppers: boolean;
  /** The time a directory shall have in the end, where that is not the one it gets by itself. */
  readonly finalMtime: (place: Place) => string | undefined;
}

/** All a transaction will do, ready to be journaled. Reads what will go; writes nothing. */
export function planTransaction(bench: Workbench, parts: TransactionParts): Transaction {
  const { header, drafts, opaques, uppers, finalMtime } = parts;
  const { roots, workspaces } = header;
  const keepsInode = workspaces.map((_, index) => roots[stageRoot(index)] === roots[KEPT_ROOT]);
  const stagesInside = workspaces.map((_, index) => stagePlace(header, index)?.inside === true);
  return {
    header,
    steps: toSteps({ ...bench, keepsInode }, drafts),
    dirs: toTouchedDirs({ ...bench, stagesInside, uppers, finalMtime }, drafts),
    opaques,
  };
}
