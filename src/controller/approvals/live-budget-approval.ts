import { createHash } from "node:crypto";
import type { Approval } from "../../core/approval.js";
import { toDigest } from "../../core/ids.js";
import { maskArgv } from "../../core/mask-secrets.js";
import type { SessionRecord } from "../../core/session.js";
import { describeOverBudget, type OverBudgetItem } from "../../policy/budgets/judge-budgets.js";
import { findOrAskApproval } from "./ask-approval.js";
import type { AskingController } from "./asking-controller.js";

/** What a frozen task has done. */
interface FrozenTask {
  readonly record: SessionRecord;
  readonly over: readonly OverBudgetItem[];
  /** What it destroyed, a line each, as far as it is listed. */
  readonly list: readonly string[];
}

/** Asks whether a task that was frozen over its budget may go on: bound to this run of it, and to just what it has done. Does not wait. */
export function askToGoOn(controller: AskingController, task: FrozenTask): Promise<Approval> {
  const { record, over, list } = task;
  const { session, revision, startedAt } = record;
  const why = over.map(describeOverBudget);
  const show = (command: readonly string[]): readonly string[] => [
    `${session} is frozen: it ${why.join("; it ")}.`,
    `Its command: ${JSON.stringify(command)}`,
    "Approved, it goes on until it has destroyed as much again as the budget gives. Denied, it is ended.",
    "Nothing real is gone either way: a commit is asked about on its own.",
    ...list,
  ];
  const shown = show(record.command);
  const bound = ["live-budget", session, String(revision), startedAt, ...shown];
  const digest = createHash("sha256").update(JSON.stringify(bound)).digest("hex");
  return findOrAskApproval(
    controller,
    { kind: "budget", session, digest: toDigest(digest) },
    () => ({
      subject: `let the frozen task of ${session} go on: it ${why.join("; it ")}`,
      preview: toText(shown),
      told: toText(show(maskArgv(record.command))),
      group: "budget-live",
    }),
  );
}

function toText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
