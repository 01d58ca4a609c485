import path from "node:path";
import { type CommitPlan, planCommit } from "../commit/plan-commit.js";
import { SandboxError } from "../core/error.js";
import type { Change } from "../core/change.js";
import type { SessionId } from "../core/ids.js";
import type { Controller } from "./controller.js";
import { loadReview } from "./load-review.js";
import { parentPath, type RelPath, ROOT_PATH } from "../core/path.js";
import { hostPath, selectChanges } from "./select-changes.js";
import type { ReviewedChange, SessionReview } from "./session-review.js";

/** What a commit would do, before anybody agreed to it. */
export interface CommitProposal {
  readonly review: SessionReview;
  readonly selected: ReadonlySet<number>;
  readonly plan: CommitPlan;
  /** What policy asks about, riskiest first. */
  readonly needsApproval: readonly ReviewedChange[];
  /** Of these: what runs later on the host and was not named as a PATH. `--yes` alone does not approve it. */
  readonly needsNaming: readonly ReviewedChange[];
  /** What policy denies: never selected. */
  readonly denied: readonly ReviewedChange[];
}

/**
 * Plans the commit of the pending changes below `paths` (none: all). Writes nothing. Throws `changed-since-review` where the layers were
 * altered, `denied` where a PATH names what policy denies, `usage` for a session that has nothing to commit.
 */
export async function proposeCommit(
  controller: Controller,
  asked: { readonly session: SessionId; readonly paths: readonly string[] },
): Promise<CommitProposal> {
  const review = await loadReview(controller, asked.session);
  const matched = selectChanges(review, {
    paths: asked.paths,
    resolvePath: controller.resolvePath,
  });
  const chosen = review.items.filter((item) => matched.has(item.index));
  const named = asked.paths.map((text) => controller.resolvePath(text));
  const isNamed = (item: ReviewedChange): boolean =>
    named.some((target) => names(target, item, review.changeset.workspaces));
  refuseNamedDenials(chosen.filter((item) => isDenied(item) && isNamed(item)));
  const { selected, denied, parents } = settleSelection(review, chosen);
  const native = await controller.host.native();
  const plan = planCommit({
    changeset: review.changeset,
    layers: review.record.layers,
    selection: selected,
    native,
  });
  const needsApproval = [...parents, ...chosen].filter(
    (item) => item.decision.decision === "ask" && !denied.includes(item),
  );
  return {
    review,
    selected,
    plan,
    denied,
    needsApproval,
    needsNaming: needsApproval.filter((item) => runsLater(item) && !isNamed(item)),
  };
}

interface Selection {
  readonly selected: ReadonlySet<number>;
  /** Left out: denied itself, or below a directory that is. */
  readonly denied: readonly ReviewedChange[];
  /** Directories that come along because something below them was chosen: they are judged like the rest. */
  readonly parents: readonly ReviewedChange[];
}

/** What policy denies is never selected, and neither is what could only be written by writing that first. */
function settleSelection(review: SessionReview, chosen: readonly ReviewedChange[]): Selection {
  const deniedPaths = new Set(review.items.filter(isDenied).map(({ change }) => keyOf(change)));
  const isBlocked = ({ change }: ReviewedChange): boolean =>
    ancestors(change).some((path) => deniedPaths.has(keyOf({ ...change, path })));
  const isOut = new Set(chosen.filter((item) => isDenied(item) || isBlocked(item)));
  const denied = [...isOut];
  const kept = chosen.filter((item) => !isOut.has(item));
  const above = new Set(
    kept.flatMap(({ change }) => ancestors(change).map((path) => keyOf({ ...change, path }))),
  );
  const selected = new Set(kept.map((item) => item.index));
  const parents = review.items.filter(
    (item) => !selected.has(item.index) && above.has(keyOf(item.change)),
  );
  return { selected, denied, parents };
}

function isDenied(item: ReviewedChange): boolean {
  return item.decision.decision === "deny";
}

function keyOf(change: Pick<Change, "workspace" | "path">): string {
  return `${change.workspace}/${change.path}`;
}

/** The directories above a change, nearest first; not the workspace itself. */
function ancestors(change: Change): readonly RelPath[] {
  const found: RelPath[] = [];
  for (let at = parentPath(change.path); at !== undefined && at !== ROOT_PATH; at = parentPath(at))
    found.push(at);
  return found;
}

/** True for what some program on the host will run or obey. */
function runsLater(item: ReviewedChange): boolean {
  return item.risks.some((risk) => risk.id === "runs-later");
}

/**
 * Whether a PATH names a change that runs later: the path itself; or, where the risk is not high, the directory such
 * things are kept in (`.git` for the objects and refs of a commit, never for its hooks).
 */
function names(target: string, item: ReviewedChange, workspaces: readonly string[]): boolean {
  const file = hostPath(workspaces, item.change);
  if (file === target) return true;
  const isHigh = item.risks.some((risk) => risk.id === "runs-later" && risk.level === "high");
  return !isHigh && path.basename(target).startsWith(".") && file.startsWith(`${target}/`);
}

function refuseNamedDenials(items: readonly ReviewedChange[]): void {
  const first = items[0];
  if (first === undefined) return;
  throw new SandboxError("denied", `${first.change.path}: ${first.decision.reason}`, {
    hint: `rule ${first.decision.rule}; it stays in the session and can be looked at with \`sandbox diff\``,
  });
}
