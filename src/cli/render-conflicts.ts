import type { CommitReport } from "../controller/carry-out-commit.js";
import { neutraliseName } from "../review/neutralise.js";

type Conflict = CommitReport["conflicts"][number];
type WayOut = NonNullable<Conflict["ways"]>[number];

const WAYS: Readonly<Record<WayOut, string>> = {
  merge: "merge the lines (--merge; --markers too where both changed one place)",
  theirs: "take the task's (--theirs PATH)",
  ours: "keep yours (--ours PATH, or name the other PATHs)",
  select: "name what it holds too",
  restore: "put it back, or out of the way, and try again",
};

/** Each path in conflict, why, and the ways out of it, for a person. */
export function renderConflicts(
  workspaces: readonly string[],
  conflicts: readonly Conflict[],
): string {
  return conflicts.map((conflict) => renderConflict(workspaces, conflict)).join("");
}

function renderConflict(workspaces: readonly string[], conflict: Conflict): string {
  const { workspace, path, reason, task, ways = [] } = conflict;
  const root = workspaces.length > 1 ? `${workspaces[workspace] ?? ""}/` : "";
  const own = task === undefined ? "" : `; the task ${task}`;
  const line = `  ${neutraliseName(`${root}${path || "."}`)}: ${neutraliseName(`${reason}${own}`)}\n`;
  return ways.length === 0 ? line : `${line}    ${ways.map((way) => WAYS[way]).join(", or ")}\n`;
}
