import type { SessionRecord } from "../core/session.js";
import type { RunningSandbox } from "../engine/engine.js";
import type { Controller } from "./controller.js";
import { readSessionProfile } from "./session-profile.js";
import type { BudgetWatch } from "./watch-budgets.js";

/** Watches only where the profile has a budget of what is destroyed: nothing is loaded else. A task that cannot be watched is ended. */
export function startWatch(
  controller: Controller,
  record: SessionRecord,
  { running, isUnattended }: { readonly running: RunningSandbox; readonly isUnattended: boolean },
): Promise<BudgetWatch | undefined> | undefined {
  const budgets = readSessionProfile(record)?.budgets;
  if (budgets?.delete === undefined && budgets?.overwrite === undefined) return undefined;
  return import("./watch-budgets.js")
    .then(({ watchBudgets }) =>
      watchBudgets(controller, { record, running, budgets, isUnattended }),
    )
    .catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      running.stop(`its budget cannot be watched: ${why}`);
      return undefined;
    });
}
