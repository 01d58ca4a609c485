import type { Xattrs } from "../../core/change.js";
import { hasErrno, SandboxError } from "../../core/error.js";
import type { IdMapping } from "../../core/host-ids.js";
import { swapAclIds } from "../../core/swap-acl.js";
import { toChildPath } from "../../host/dir-handle.js";
import type { Native } from "../../host/native.js";
import type { TreeEntry, TreeListingOptions } from "./tree-listing.js";

const SYSTEM: ReadonlySet<string> = new Set([
  "security.capability",
  "system.posix_acl_access",
  "system.posix_acl_default",
]);

/** True for an extended attribute that belongs to a file wherever it lies; others belong to the machine. */
export function isPortableXattr(name: string): boolean {
  return name.startsWith("user.") || SYSTEM.has(name);
}

/**
 * The attributes of a path (no symbolic link) that travel with it, ids in access lists seen through `mapping`. One that this
 * user may not read is left out: the task could not read it either. Throws `sandbox-unavailable` for one that a daemon would
 * lose or take for another: a file that the task copies up would come back without it.
 */
export function readSentXattrs(
  { native, mapping, root }: Pick<TreeListingOptions, "native" | "root"> & SentAs,
  at: Pick<TreeEntry, "dirFd" | "name" | "path">,
): Readonly<Record<string, Uint8Array>> | undefined {
  const path = at.name === "." ? `/proc/self/fd/${at.dirFd}/.` : toChildPath(at.dirFd, at.name);
  const names = listNames(native, path).filter(isPortableXattr);
  if (names.length === 0) return undefined;
  const read: Record<string, string> = {};
  for (const name of names.toSorted()) {
    if (NOT_SENT.test(name)) throw toUnsendable(root, at.path, name);
    const value = readValue(native, path, name);
    if (value?.length === 0) throw toUnsendable(root, at.path, name);
    if (value !== undefined) read[name] = value.toString("base64");
  }
  const swapped: Xattrs = swapAclIds(read, mapping);
  return Object.fromEntries(
    Object.entries(swapped).map(([name, value]) => [name, Buffer.from(value, "base64")]),
  );
}

interface SentAs {
  readonly mapping: IdMapping;
}

/** The key of a PAX record ends at its first `=`, and Go's reader drops empty values; U+FFFD stands for bytes that are no text. */
const NOT_SENT = /[=\ufffd]/;

function toUnsendable(root: string, path: string, name: string): SandboxError {
  const full = path === "" ? root : `${root}/${path}`;
  const what = JSON.stringify(name);
  return new SandboxError(
    "sandbox-unavailable",
    `${full} has an attribute that cannot be sent: ${what}`,
    { hint: `remove it (setfattr -x), or leave the path out: --hide ${full}` },
  );
}

function listNames(native: Native, path: string | Buffer): readonly string[] {
  try {
    return native.llistxattr(path);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "EOPNOTSUPP", "ENOTSUP", "EACCES")) return [];
    throw error;
  }
}

function readValue(native: Native, path: string | Buffer, name: string): Buffer | undefined {
  try {
    return native.lgetxattr(path, name);
  } catch (error) {
    if (hasErrno(error, "EACCES", "EPERM", "ENOENT", "ENOTSUP", "EOPNOTSUPP")) return undefined;
    throw error;
  }
}
