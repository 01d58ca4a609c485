import type { BaseState, Change, NextState, Notice, Xattrs } from "../core/change.js";
import type { Risk } from "../core/risk.js";

const SETUID = 0o4000;
const SETGID = 0o2000;
const ANY_EXECUTE = 0o111;
const CAPABILITY = "security.capability";
const MARK = /^(user|trusted)\.overlay\./;

/** Rights, owners and marks: what makes the result more than its bytes. */
export function assessRights(change: Change, notices: readonly Notice[]): readonly Risk[] {
  const { before, after } = change;
  const forged = assessMarks(after?.xattrs, notices);
  if (after === undefined) return forged;
  return [
    ...forged,
    ...assessRaised(before, after),
    ...assessOwner(after),
    ...assessExecutable(before, after),
    ...assessHardLinks(change),
  ];
}

function assessMarks(xattrs: Xattrs | undefined, notices: readonly Notice[]): readonly Risk[] {
  const marked =
    Object.keys(xattrs ?? {}).some((name) => MARK.test(name)) ||
    notices.some((notice) => notice.kind === "forged-mark");
  if (!marked) return [];
  const reason = "it carries a mark that only the overlay filesystem itself may make";
  return [{ id: "forged-mark", level: "high", reason }];
}

/** Directories are left out: there setgid only hands the group down, and setuid does nothing. */
function assessRaised(before: BaseState | undefined, after: NextState): readonly Risk[] {
  if (after.type !== "file") return [];
  const kept = before !== undefined && isSameProgram(before, after);
  const raised = (bit: number) => (after.mode & bit) !== 0 && !(kept && (before.mode & bit) !== 0);
  const capability = after.xattrs?.[CAPABILITY];
  const out: Risk[] = [];
  if (raised(SETUID)) out.push(toRaised("setuid: it runs with the rights of its owner"));
  if (raised(SETGID)) out.push(toRaised("setgid: it runs with the rights of its group"));
  if (capability !== undefined && !(kept && before.xattrs?.[CAPABILITY] === capability))
    out.push(toRaised("file capabilities: it runs with more rights than its user"));
  return out;
}

/** Only then may a bit that was there before stay without a word. */
function isSameProgram(before: BaseState, after: NextState): boolean {
  return (
    before.type === "file" &&
    after.uid === "base" &&
    after.gid === "base" &&
    before.digest !== undefined &&
    before.digest === after.digest
  );
}

function toRaised(reason: string): Risk {
  return { id: "raises-rights", level: "high", reason };
}

function assessOwner(after: NextState): readonly Risk[] {
  const isRoot = after.uid === 0 || after.gid === 0;
  const uid = typeof after.uid === "number" ? `user ${after.uid}` : undefined;
  const gid = typeof after.gid === "number" ? `group ${after.gid}` : undefined;
  const owners = [uid, gid].filter((owner) => owner !== undefined);
  if (owners.length === 0) return [];
  const reason = `it would belong to ${owners.join(" and ")}`;
  return [{ id: "foreign-owner", level: isRoot ? "high" : "medium", reason }];
}

function assessExecutable(before: BaseState | undefined, after: NextState): readonly Risk[] {
  if (after.type !== "file" || (after.mode & ANY_EXECUTE) === 0) return [];
  if (before?.type === "file" && (before.mode & ANY_EXECUTE) !== 0) return [];
  const reason = before === undefined ? "a new executable" : "it becomes executable";
  return [{ id: "newly-executable", level: "medium", reason }];
}

function assessHardLinks(change: Change): readonly Risk[] {
  const { before, after } = change;
  const isSplit = before?.type === "file" && before.nlink > 1 && after?.type === "file";
  if (!isSplit) return [];
  const others = before.nlink - 1;
  const reason = `it has ${others} other hard ${others === 1 ? "link" : "links"}, which would keep the old content`;
  return [{ id: "link-split", level: "medium", reason }];
}
