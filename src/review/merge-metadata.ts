import type { BaseState, NextState, Owner, Xattrs } from "../core/change.js";

/** What a merge gives a file besides its content. */
export interface MergedMetadata {
  readonly mode: number;
  readonly uid: Owner;
  readonly gid: Owner;
  readonly xattrs?: Xattrs;
}

/**
 * Merges mode, owner and extended attributes: what one side alone changed is taken. A word for the one that both changed,
 * each in its own way.
 */
export function mergeMetadata(
  base: BaseState,
  ours: BaseState,
  theirs: NextState,
): MergedMetadata | "mode" | "owner" | "attributes" {
  const mode = pick(base.mode, ours.mode, theirs.mode);
  if (mode === undefined) return "mode";
  const uid = pickOwner(base.uid, ours.uid, theirs.uid);
  const gid = pickOwner(base.gid, ours.gid, theirs.gid);
  if (uid === undefined || gid === undefined) return "owner";
  const xattrs = mergeXattrs(base.xattrs ?? {}, ours.xattrs ?? {}, theirs.xattrs ?? {});
  if (xattrs === undefined) return "attributes";
  const { length } = Object.keys(xattrs);
  return { mode, uid, gid, ...(length > 0 && { xattrs }) };
}

/** Undefined where both sides differ from the base and from each other. */
function pick<T>(base: T, ours: T, theirs: T): T | undefined {
  if (ours === base || ours === theirs) return theirs;
  return theirs === base ? ours : undefined;
}

/** `base` is what the workspace has; where the task gave it another owner the host must not have. */
function pickOwner(base: number, ours: number, theirs: Owner): Owner | undefined {
  return theirs === "base" || ours === base || ours === theirs ? theirs : undefined;
}

function mergeXattrs(base: Xattrs, ours: Xattrs, theirs: Xattrs): Xattrs | undefined {
  const merged: Record<string, string> = {};
  const names = new Set([base, ours, theirs].flatMap((one) => Object.keys(one)));
  for (const name of names) {
    const [was, mine, other] = [base[name], ours[name], theirs[name]];
    const isSettled = mine === was || mine === other || other === was;
    if (!isSettled) return undefined;
    const value = mine === was ? other : mine;
    if (value !== undefined) merged[name] = value;
  }
  return merged;
}
