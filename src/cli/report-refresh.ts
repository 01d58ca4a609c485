import type { RefreshReport } from "../controller/refresh-session.js";
import { formatCount } from "../review/format-units.js";
import { neutraliseName } from "../review/neutralise.js";
import type { CliContext } from "./cli-context.js";
import { renderConflicts } from "./render-conflicts.js";
import type { Place } from "./to-json.js";

const MOST_NAMES = 20;

/** Tells a person what a refresh found. */
export function reportRefresh(context: CliContext, report: RefreshReport): void {
  const { record, visible, dropped, conflicts, answers } = report;
  const { session, workspaces } = record;
  const { stdout } = context;
  stdout.write(`${session} rests on your files as they are now (revision ${record.revision})\n`);
  stdout.write(list("newly visible to its next task", workspaces, visible));
  stdout.write(list("no longer pending, you have the same", workspaces, dropped));
  if (answers.lapsed > 0)
    stdout.write(`${formatCount(answers.lapsed, "answer")} of a review lapsed\n`);
  if (conflicts.length > 0)
    stdout.write(`in conflict until you decide:\n${renderConflicts(workspaces, conflicts)}`);
  stdout.write(`  sandbox exec ${session} -- COMMAND  go on\n`);
  const merge = conflicts.length > 0 ? " --merge" : "";
  stdout.write(`  sandbox commit ${session}${merge}  bring it over\n`);
}

function list(title: string, workspaces: readonly string[], places: readonly Place[]): string {
  if (places.length === 0) return "";
  const shown = places.slice(0, MOST_NAMES).map(({ workspace, path }) => {
    const root = workspaces.length > 1 ? `${workspaces[workspace] ?? ""}/` : "";
    return `  ${neutraliseName(`${root}${path || "."}`)}\n`;
  });
  const more = places.length - shown.length;
  return `${title}:\n${shown.join("")}${more > 0 ? `  and ${more} more\n` : ""}`;
}
