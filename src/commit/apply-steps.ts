import { hasErrno, SandboxError } from "../core/error.js";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../host/native.js";
import { namingEach } from "./failure.js";
import { inWorkspace } from "./roots.js";
import { setMetadata } from "./set-metadata.js";
import { showPath } from "./show-path.js";
import type { Workbench } from "./stage-steps.js";
import type { PathState, Step } from "./step.js";

/**
 * Takes every step: one rename each, so that a path has its old state or its new one. What comes out of the workspace is
 * compared with what the journal says was there; where another process was faster it goes back and the commit
 * ends with `conflict`. Metadata of directories last, the deepest first.
 */
export function applySteps(bench: Workbench, steps: readonly Step[]): void {
  namingEach(steps, (step) => applyStep(bench, step));
  const dirs = steps.filter((step) => step.after?.type === "dir").reverse();
  namingEach(dirs, (step) => finishDir(bench, step));
}

function applyStep(bench: Workbench, step: Step): void {
  if (step.act === "set") return;
  const { ops, roots } = bench;
  try {
    const slot = roots.at(step.slot);
    const path = roots.at(inWorkspace(step.workspace, step.path));
    if (step.act === "put") ops.rename(slot, path, RENAME_NOREPLACE);
    else if (step.act === "swap") ops.rename(slot, path, RENAME_EXCHANGE);
    else ops.rename(path, slot, RENAME_NOREPLACE);
  } catch (error) {
    if (hasErrno(error, "EEXIST", "ENOENT", "ENOTDIR", "ELOOP", "EXDEV")) throw raced(step, error);
    throw error;
  }
  if (step.before?.type === "dir" || step.after?.type === "dir") {
    roots.forgetBelow(inWorkspace(step.workspace, step.path));
    roots.forgetBelow(step.slot);
  }
  if (step.before !== undefined && !isExpected(bench, step, step.before)) putBack(bench, step);
}

/** What came out must be the inode the journal describes, unwritten since; of a directory, empty. */
function isExpected({ roots }: Workbench, step: Step, before: PathState): boolean {
  const stat = roots.stat(step.slot);
  if (stat === undefined || stat.ino !== before.ino || stat.type !== before.type) return false;
  if (stat.type === "dir") return roots.root(step.slot.root).list(step.slot.path).length === 0;
  return (
    stat.size === before.size &&
    stat.mtimeNs === before.mtimeNs &&
    stat.mode === before.mode &&
    stat.uid === before.uid &&
    stat.gid === before.gid
  );
}

function putBack({ ops, roots }: Workbench, step: Step): never {
  roots.forget();
  const flags = step.act === "swap" ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  ops.rename(roots.at(step.slot), roots.at(inWorkspace(step.workspace, step.path)), flags);
  throw raced(step);
}

function finishDir({ ops, roots }: Workbench, step: Step): void {
  const place = inWorkspace(step.workspace, step.path);
  const at = roots.dirAt(place);
  const from = ops.stat(at);
  if (from === undefined || step.after === undefined) throw raced(step);
  setMetadata(ops, at, { from, wanted: step.after });
}

/** The conflict of a path that another process changed while it was being committed. */
export function raced(step: Pick<Step, "path">, cause?: unknown): SandboxError {
  return new SandboxError(
    "conflict",
    `${showPath(step.path)}: changed while it was being committed`,
    {
      hint: "nothing was written; look at `sandbox diff` again",
      ...(cause !== undefined && { cause }),
    },
  );
}
