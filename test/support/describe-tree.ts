import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { decodeName, encodeName } from "../../src/core/path.js";
import { openNative } from "../../src/host/native.js";

const native = openNative();

/** What is compared; everything unless said otherwise. */
interface DescribeOptions {
  /** Of directories. */
  readonly dirTimes?: boolean;
  readonly times?: boolean;
  readonly links?: boolean;
}

interface Entry {
  readonly name: string;
  readonly full: string | Buffer;
  readonly stat: BigIntStats;
}

/** What a tree is compared by, one line a path: everything a person could lose. */
export function describeTree(root: string, options: DescribeOptions = {}): string {
  const groups = new Map<string, string[]>();
  const entries = walk(root, "").map((name) => {
    const full = toFull(root, name);
    const stat = lstatSync(full, { bigint: true });
    const group = groups.get(String(stat.ino)) ?? [];
    groups.set(String(stat.ino), [...group, name]);
    return { name, full, stat };
  });
  const lines = entries.map((entry) => {
    const group = groups.get(String(entry.stat.ino)) ?? [];
    const link = group.length > 1 && options.links !== false ? JSON.stringify(group[0]) : "";
    return describeEntry(entry, link, options);
  });
  return `${lines.join("\n")}\n`;
}

function describeEntry(
  { name, full, stat }: Entry,
  link: string,
  options: DescribeOptions,
): string {
  const hasTime = options.times !== false && !(stat.isDirectory() && options.dirTimes === false);
  return [
    JSON.stringify(name),
    stat.mode.toString(8),
    `${stat.uid}:${stat.gid}`,
    hasTime ? stat.mtimeNs : "",
    describeContent({ full, stat }),
    link,
    xattrs(full),
  ].join(" ");
}

function describeContent({ full, stat }: Pick<Entry, "full" | "stat">): string {
  if (stat.isSymbolicLink()) return readlinkSync(full);
  if (!stat.isFile()) return "";
  return createHash("sha256").update(readFileSync(full)).digest("hex").slice(0, 12);
}

function xattrs(full: string | Buffer): string {
  return (
    native
      .llistxattr(full)
      // XFS shows root its access lists a second time (fs/xfs/xfs_acl.h).
      .filter((name) => !name.startsWith("trusted.SGI_ACL_"))
      .toSorted()
      .map((name) => `${name}=${native.lgetxattr(full, name)?.toString("hex")}`)
      .join(",")
  );
}

function walk(root: string, below: string): readonly string[] {
  const names = readdirSync(toFull(root, below), { encoding: "buffer" }).map(decodeName).sort();
  return [
    below,
    ...names.flatMap((name) => {
      const next = below === "" ? name : `${below}/${name}`;
      return lstatSync(toFull(root, next)).isDirectory() ? walk(root, next) : [next];
    }),
  ];
}

function toFull(root: string, below: string): string | Buffer {
  const full = below === "" ? root : `${root}/${below}`;
  return full.isWellFormed() ? full : Buffer.from(encodeName(full));
}
