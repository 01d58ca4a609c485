import type { RollbackReport } from "../controller/rollback-commit.js";
import { formatCount } from "../review/format-units.js";
import { type PlanStep, renderPlan } from "../review/render-plan.js";

type Restore = RollbackReport["plan"]["restore"][number];

const STEPS = {
  remove: { action: "delete", note: "the commit made it" },
  restore: { action: "change", note: "back to what it was before the commit" },
  recreate: { action: "add", note: "the commit removed it" },
} as const;

/** What a rollback does to each path, what it cannot do and why, and what it is not about. */
export function renderRollback(report: RollbackReport, o: { readonly colour: boolean }): string {
  const { plan, of, conflicts, earlier } = report;
  const { workspaces } = of;
  const steps: readonly PlanStep[] = [
    ...plan.restore.map(toStep),
    ...plan.passed.map((place) => toNoted(place, "unchanged", "is as before the commit already")),
    ...conflicts.map((entry) => toNoted(entry, "conflict", entry.reason)),
    ...plan.unrestorable.map((entry) => toNoted(entry, "unrestorable", entry.reason)),
  ];
  const title = `Rollback of ${of.commit}`;
  return renderPlan({ title, workspaces, steps }, o) + renderRest({ earlier, rest: plan.outside });
}

function toStep({ workspace, path, action }: Restore): PlanStep {
  return { workspace, path, ...STEPS[action] };
}

function toNoted(
  { workspace, path }: Pick<PlanStep, "workspace" | "path">,
  action: PlanStep["action"],
  note: string,
): PlanStep {
  return { workspace, path, action, note };
}

function renderRest(count: { readonly earlier: number; readonly rest: number }): string {
  const parts = [
    ...(count.earlier > 0 ? [`${formatCount(count.earlier, "path")} rolled back before`] : []),
    ...(count.rest > 0 ? [`${formatCount(count.rest, "path")} left as committed`] : []),
  ];
  return parts.length === 0 ? "" : `Besides: ${parts.join(", ")}.\n`;
}
