import type { BaseState, Layers, NextState, Owner } from "../core/change.js";
import { swapIds } from "../core/host-ids.js";
import { isSameXattrs } from "../core/same-xattrs.js";
import { swapAclIds } from "../core/swap-acl.js";
import { toModeBits } from "./path-type.js";
import type { UpperEntry } from "./upper-entry.js";

type Entry = Extract<UpperEntry, { kind: "entry" }>;

/** The state an entry of the upperdir asks for, its owner seen from `before`. */
export function toNextState(
  entry: Entry,
  before: Pick<BaseState, "uid" | "gid"> | undefined,
  layers: Pick<Layers, "idmap" | "taskUid" | "taskGid">,
): NextState {
  const { stats, type, digest, target, xattrs } = entry;
  const raw = { uid: Number(stats.uid), gid: Number(stats.gid) };
  const ids = swapIds(raw, layers);
  return {
    type,
    mode: type === "symlink" ? 0o777 : toModeBits(stats),
    uid: toOwner(ids.uid, { before: before?.uid, own: raw.uid === layers.taskUid }),
    gid: toOwner(ids.gid, { before: before?.gid, own: raw.gid === layers.taskGid }),
    size: type === "dir" ? 0 : Number(stats.size),
    mtimeNs: `${stats.mtimeNs}`,
    ...(digest !== undefined && { digest }),
    ...(target !== undefined && { target }),
    ...(xattrs.carried !== undefined && { xattrs: swapAclIds(xattrs.carried, layers) }),
    upper: {
      ino: `${stats.ino}`,
      ctimeNs: `${stats.ctimeNs}`,
      ...(type === "file" && { marks: xattrs.marks }),
    },
  };
}

/** True where nothing that a change carries differs; times and inodes do not count. */
export function isSameState(after: NextState, before: BaseState): boolean {
  return (
    after.type === before.type &&
    after.mode === before.mode &&
    after.uid === "base" &&
    after.gid === "base" &&
    after.digest === before.digest &&
    after.target === before.target &&
    (after.type !== "file" || after.digest !== undefined) &&
    isSameXattrs(after.xattrs, before.xattrs)
  );
}

function toOwner(id: number, o: { before: number | undefined; own: boolean }): Owner {
  if (id === o.before) return "base";
  return o.own ? "user" : id;
}
