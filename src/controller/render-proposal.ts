import type { CommitProposal } from "./propose-commit.js";
import { describeOverBudget } from "../policy/budgets/judge-budgets.js";
import { toComposedDiff } from "./composed-diff.js";
import type { Change } from "../core/change.js";
import { renderPatch } from "../review/render-patch.js";
import { type PlanStep, renderPlan } from "../review/render-plan.js";

const ACTIONS = { add: "add", modify: "change", delete: "delete" } as const;

/** What a commit would do, with what stands in its way and the digest an approval is bound to. */
export function renderProposal(proposal: CommitProposal, o: { readonly colour: boolean }): string {
  const { review, plan, denied } = proposal;
  const notes = new Map(
    review.items.map((item) => [
      item.change,
      item.risks
        .filter((risk) => risk.level !== "low")
        .map((risk) => risk.reason)
        .join("; "),
    ]),
  );
  const steps: PlanStep[] = [
    ...plan.changes.map((change) => {
      const made = proposal.composed.get(change);
      const own = [made?.note ?? "", notes.get(made?.original ?? change) ?? ""];
      return toStep(change, own.filter((note) => note !== "").join("; "));
    }),
    ...denied.map(({ change, decision }) => ({
      workspace: change.workspace,
      path: change.path,
      action: "denied" as const,
      note: decision.reason,
    })),
    ...plan.conflicts.map(({ workspace, path, reason }) => ({
      workspace,
      path,
      action: "conflict" as const,
      note: reason,
    })),
  ];
  const title = `Commit of ${review.record.session}`;
  const text = renderPlan({ title, workspaces: review.changeset.workspaces, steps }, o);
  const over = proposal.overBudget.map((item) => `OVER BUDGET: ${describeOverBudget(item)}\n`);
  return `${text}${over.join("")}${proposal.digest}\n`;
}

/** What comes of files whose content was merged, or taken in part, as a patch of what is in the workspace. */
export function* renderComposed(
  proposal: CommitProposal,
  o: { readonly colour: boolean },
): Generator<string> {
  if (proposal.plan.conflicts.length > 0) return;
  for (const made of proposal.composed.values()) {
    const file = toComposedDiff(made);
    if (file !== undefined) yield renderPatch(file, { ...o, terminal: true });
  }
}

function toStep(change: Change, note: string | undefined): PlanStep {
  return {
    workspace: change.workspace,
    path: change.path,
    action: ACTIONS[change.kind],
    ...(note === undefined || note === "" ? {} : { note }),
  };
}
