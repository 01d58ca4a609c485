import type { Notice } from "../core/change.js";
import type { ChangeContent } from "../core/changeset-digest.js";
import type { RelPath } from "../core/path.js";
import type { Findings, LinkedName } from "./change-draft.js";

/**
 * Writes the link groups into the drafts of one workspace: names of one inode that are all in the changeset
 * are made as links again. A name whose partner is no change becomes a file of its own, which is said.
 */
export function joinLinks(findings: Findings, workspace: number): void {
  for (const names of findings.links.values()) {
    const changed = names.flatMap((one) => (one.draft === undefined ? [] : [one]));
    const kept = names.find((one) => one.draft === undefined);
    const first = changed.map((one) => one.path).sort(compareText)[0];
    if (first === undefined) continue;
    if (changed.length > 1) for (const one of changed) setGroup(findings.drafts, one.draft, first);
    if (kept !== undefined)
      findings.notices.push(...changed.map((one) => toSplit(one, { kept: kept.path, workspace })));
  }
}

function setGroup(drafts: ChangeContent[], index: number | undefined, group: RelPath): void {
  const draft = index === undefined ? undefined : drafts[index];
  if (index === undefined || draft?.after === undefined) return;
  drafts[index] = { ...draft, after: { ...draft.after, linkGroup: group } };
}

function toSplit(name: LinkedName, o: { kept: RelPath; workspace: number }): Notice {
  return {
    workspace: o.workspace,
    path: name.path,
    kind: "link-split",
    text: `a second name of ${o.kept} for the task; it becomes a file of its own`,
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
