import type { Change } from "../../core/change.js";
import type { RelPath } from "../../core/path.js";
import type { Decision, Level, Risk, RiskId } from "../../core/risk.js";
import { RANK } from "../assess-risks.js";
import type { JudgedChange, RunReport } from "./run-report.js";

/** What a finding is an instance of: a risk, or what policy or the host's own edits say against a change. */
export type FindingRule = RiskId | "denied" | "needs-approval" | "conflict";

/** One thing to look at, at one path. */
export interface Finding {
  readonly rule: FindingRule;
  readonly level: Level;
  readonly workspace: number;
  readonly path: RelPath;
  readonly reason: string;
  /** Of a change, not of a conflict. */
  readonly kind?: Change["kind"];
  readonly decision?: Decision;
  /** It kept the change from being committed. */
  readonly isRefused: boolean;
}

/** Findings, the worst first, and how many are left out. */
export interface Findings {
  readonly findings: readonly Finding[];
  readonly leftOut: number;
}

/** What each rule is about, for readers that list rules. */
export const FINDING_RULES: Readonly<Record<FindingRule, string>> = {
  "runs-later": "A program on the host will run or obey this file later",
  "raises-rights": "The result would have more rights than its maker",
  "foreign-owner": "The result would belong to someone else than the task",
  "newly-executable": "A file becomes executable",
  "escaping-link": "A symbolic link is absolute or leads out of the workspace",
  "forged-mark": "An extended attribute that only overlayfs writes",
  "link-split": "A hard link would be broken",
  "odd-name": "A name looks like another one, or hides characters",
  deletes: "A path is deleted",
  denied: "Policy denies the change",
  "needs-approval": "Policy asks about the change, and nobody is there to approve it",
  conflict: "The workspace changed under the session",
};

/** Code scanning shows 5,000 results of a run (docs.github.com, "SARIF support for code scanning"). */
const MOST_FINDINGS = 5000;

/**
 * Every risk, denial and conflict of `report`, the worst first. What policy allowed although it is risky is of medium level at most: nothing
 * of level `high` was let through.
 */
export function findFindings(report: RunReport): Findings {
  const asksRefuse = report.commit.state === "refused";
  const all = [
    ...report.conflicts.map(
      ({ workspace, path, reason }): Finding => ({
        ...{ rule: "conflict", level: "high", workspace, path, reason },
        isRefused: true,
      }),
    ),
    ...report.items.flatMap((item) => findInChange(item, asksRefuse)),
  ];
  const sorted = all.toSorted(
    (a, b) => RANK[a.level] - RANK[b.level] || Number(b.isRefused) - Number(a.isRefused),
  );
  const findings = sorted.slice(0, MOST_FINDINGS);
  return { findings, leftOut: sorted.length - findings.length };
}

function findInChange(item: JudgedChange, asksRefuse: boolean): readonly Finding[] {
  const { change, risks, decision } = item;
  const { workspace, path, kind } = change;
  const isDenied = decision.decision === "deny";
  const isRefused = isDenied || (decision.decision === "ask" && asksRefuse);
  const about = { workspace, path, kind, decision, isRefused };
  const found: Finding[] = risks.map((risk) => ({
    ...about,
    rule: risk.id,
    reason: risk.reason,
    level: toLevel(risk, decision),
  }));
  if (isDenied && !found.some(({ reason }) => reason === decision.reason))
    return [{ ...about, rule: "denied", level: "high", reason: decision.reason }, ...found];
  if (isRefused && found.length === 0)
    return [{ ...about, rule: "needs-approval", level: "medium", reason: decision.reason }];
  return found;
}

function toLevel({ level }: Risk, { decision }: Decision): Level {
  if (decision === "deny") return "high";
  return decision === "allow" && level === "high" ? "medium" : level;
}
