import type { ListedApproval } from "../controller/approvals/approval-desk.js";
import type { Approval, Reviewer } from "../core/approval.js";
import { neutralise, neutraliseContent } from "../review/neutralise.js";
import { renderTable } from "../review/render-table.js";

/** Questions under titles, a line each. */
export function renderApprovals(
  approvals: readonly ListedApproval[],
  o: { readonly colour: boolean; readonly width?: number },
): string {
  const titles = ["APPROVAL", "STATE", "KIND", "SESSION", "EXPIRES", "GROUP", "SUBJECT"];
  const rows = approvals.map((one) => [
    one.approval,
    one.state === "waiting" && one.require > 1
      ? `waiting ${countApproved(one)}/${one.require}`
      : one.state,
    one.kind,
    one.session ?? "",
    one.expiresAt.replace(/\.\d+Z$/, "Z"),
    one.group ?? "",
    one.subject,
  ]);
  return renderTable(
    titles.map((title) => ({ title })),
    rows,
    o,
  );
}

/** All of one question. What it shows is set off by bars, so that it cannot pass for a line of ours. */
export function renderApproval(one: Approval): string {
  const who = one.answers.map(
    ({ answer, by, note, at }) =>
      `${answer} by ${renderReviewer(by)} at ${at}${note === undefined ? "" : `: ${note}`}`,
  );
  const lines = [
    `${one.approval}  ${one.state}  ${one.kind}  ${one.session ?? ""}`.trimEnd(),
    one.subject,
    ...(one.require > 1 ? [`${countApproved(one)} of ${one.require} reviewers have approved`] : []),
    ...(one.count > 1 ? [`stands for ${one.count} questions`] : []),
    ...who,
    `asked ${one.askedAt}, expires ${one.expiresAt}`,
    one.digest,
  ];
  const preview = neutraliseContent(one.preview).replace(/\n$/, "").split("\n");
  return [...lines.map(neutralise), ...preview.map((line) => `  | ${line}`)]
    .map((line) => `${line}\n`)
    .join("");
}

/** A question as `--json` writes it in a list. */
export function toApprovalObject(listed: ListedApproval): object {
  const { preview: _, ...approval }: ListedApproval & { readonly preview?: string } = listed;
  return approval;
}

function countApproved({ answers, digest }: ListedApproval): number {
  return answers.filter((one) => one.answer === "approved" && one.digest === digest).length;
}

function renderReviewer(by: Reviewer): string {
  return by.kind === "user" ? `${by.name} (uid ${by.uid})` : `token ${by.name}`;
}
