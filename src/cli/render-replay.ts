import type { ReplayReport } from "../controller/replay-log.js";
import { toPathObject } from "../core/path.js";
import { formatCount } from "../review/format-units.js";
import { neutralise, neutraliseName } from "../review/neutralise.js";

/** What a replay found, for a person. */
export function renderReplay(report: ReplayReport): string {
  const { session, agrees, pending, commits, differences } = report;
  const lines = [
    pending === undefined
      ? `${session}: its changes are not in the log`
      : `${session}: ${formatCount(pending, "change")} pending by the log`,
    ...commits.map(
      ({ commit, changes }) => `${commit}: ${formatCount(changes, "path")} written by the log`,
    ),
    ...differences.map(({ commit, path, why }) => {
      const place = [commit ?? [], path === undefined ? [] : neutraliseName(path || ".")].flat();
      return neutralise(`  differs: ${[...place, why].join(": ")}`);
    }),
    agrees ? "ok: the log and what is stored agree" : "NOT the same: the log and what is stored",
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** As `log --replay --json`. */
export function toReplayObject(report: ReplayReport): object {
  const { session, agrees, pending, digest, commits, workspaces, differences } = report;
  return {
    ...{ session, agrees, pending: pending ?? null },
    ...(digest === undefined ? {} : { digest }),
    commits,
    differences: differences.map(({ commit, workspace, path, why }) => ({
      ...(commit === undefined ? {} : { commit }),
      ...(path === undefined ? {} : toPathObject(workspaces[workspace ?? 0] ?? "", path)),
      why,
    })),
  };
}
