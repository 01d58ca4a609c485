import { raced } from "./apply-steps.js";
import { inWorkspace } from "./roots.js";
import type { Staged, Workbench } from "./stage-steps.js";
import type { Step } from "./step.js";
import type { Transaction } from "./transaction.js";
import { newIno } from "./undo-steps.js";

/** Values in a record of the journal, so that no line gets long. */
const PER_RECORD = 1000;

/**
 * Looks every result up from the root again, and gives the records that say where it is. A path that does not lead
 * to what was put there (a directory above it was moved, or replaced by a symbolic link) ends the commit.
 */
export function* readResults(
  bench: Workbench,
  transaction: Transaction,
  staged: ReadonlyMap<number, Staged>,
): Generator<object> {
  bench.roots.forget();
  const { steps } = transaction;
  for (let i = 0; i < steps.length; i += PER_RECORD)
    yield { steps: steps.slice(i, i + PER_RECORD).map((step) => readResult(bench, step, staged)) };
  const dirs = transaction.dirs.flatMap((dir, index) => {
    const stat = dir.place.root.startsWith("w") ? bench.roots.stat(dir.place) : undefined;
    return stat?.ino === dir.ino ? [[index, stat.ino, stat.ctimeNs, stat.mtimeNs]] : [];
  });
  for (let i = 0; i < dirs.length; i += PER_RECORD) yield { dirs: dirs.slice(i, i + PER_RECORD) };
}

/** `[n, ino, ctime]` of what is at the path now, or of what was there and is in the slot. */
function readResult(
  { roots }: Workbench,
  step: Step,
  staged: ReadonlyMap<number, Staged>,
): readonly [number, string, string] {
  const isGone = step.after === undefined;
  const stat = roots.stat(isGone ? step.slot : inWorkspace(step.workspace, step.path));
  const expected = step.act === "set" || isGone ? step.before?.ino : newIno({ staged }, step);
  if (stat === undefined || stat.ino !== expected) throw raced(step);
  return [step.n, stat.ino, stat.ctimeNs];
}
