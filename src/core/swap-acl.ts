import type { Layers, Xattrs } from "./change.js";
import { swapIds } from "./host-ids.js";

/** `struct posix_acl_xattr_entry` (linux/posix_acl_xattr.h): tag, permissions, id, after a header of four bytes. */
const HEADER = 4;
const ENTRY = 8;
const ID_AT = 4;
const ACL_USER = 0x02;
const ACL_GROUP = 0x08;
const ACL_NAMES = ["system.posix_acl_access", "system.posix_acl_default"];

/** Attributes as they are in `upper` → the same with the ids that access lists name read through the exchange of `swap-root`. */
export function swapAclIds(
  xattrs: Xattrs,
  layers: Pick<Layers, "idmap" | "taskUid" | "taskGid">,
): Xattrs {
  if (layers.idmap === "none") return xattrs;
  const swapped: Record<string, string> = { ...xattrs };
  for (const name of ACL_NAMES) {
    const value = xattrs[name];
    if (value !== undefined) swapped[name] = swapOne(Buffer.from(value, "base64"), layers);
  }
  return swapped;
}

function swapOne(acl: Buffer, layers: Pick<Layers, "idmap" | "taskUid" | "taskGid">): string {
  for (let at = HEADER; at + ENTRY <= acl.length; at += ENTRY) {
    const tag = acl.readUInt16LE(at);
    const id = acl.readUInt32LE(at + ID_AT);
    const ids = swapIds({ uid: id, gid: id }, layers);
    if (tag === ACL_USER) acl.writeUInt32LE(ids.uid, at + ID_AT);
    if (tag === ACL_GROUP) acl.writeUInt32LE(ids.gid, at + ID_AT);
  }
  return acl.toString("base64");
}
