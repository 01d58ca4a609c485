import type { RunReport } from "../../review/report/run-report.js";
import { type RunTold, toProblemObject, toRunObject } from "../run-object.js";
import { toChangeObject, toPath } from "../to-json.js";

/** A report as `--report json:PATH` writes it. `told` is absent where nothing ran. */
export function toReportObject(report: RunReport, told: RunTold | undefined): object {
  const { verdict, exit, version, command, startedAt, endedAt, task, problem } = report;
  const at = (place: RunReport["conflicts"][number] | RunReport["notices"][number]) =>
    toPath(report.workspaces, place);
  return {
    ...{ schema: "report/1", verdict, exit, version },
    command: command.map((word) => word.toWellFormed()),
    ...{ startedAt, endedAt },
    ...(told === undefined ? {} : { run: { schema: "run/1", ...toRunObject(told) } }),
    ...(task?.profile === undefined ? {} : { profile: task.profile }),
    ...(task === undefined ? {} : { asked: task.asked, limits: task.limits }),
    changes: told === undefined ? [] : toChanges(told),
    notices: report.notices.map((notice) => ({
      ...at(notice),
      kind: notice.kind,
      text: notice.text.toWellFormed(),
    })),
    conflicts: report.conflicts.map((conflict) => ({ ...at(conflict), reason: conflict.reason })),
    commit: report.commit,
    refused: report.refused.map(({ place, times, reason }) => ({
      ...{ place: place.toWellFormed(), times, reason: reason.toWellFormed() },
    })),
    ...(problem === undefined ? {} : { problem: toProblemObject(problem) }),
  };
}

function toChanges({ review }: RunTold): readonly object[] {
  const none = { conflict: undefined, origin: undefined, movedTo: undefined };
  return review.items.map((item) => ({
    ...toChangeObject(review, item, none),
    rule: item.decision.rule,
    why: item.decision.reason,
  }));
}
