import type { BigIntStats } from "node:fs";
import type { BaseState } from "../core/change.js";

const TYPE_BITS = 0o170000;
const TYPES: ReadonlyMap<number, BaseState["type"]> = new Map<number, BaseState["type"]>([
  [0o100000, "file"],
  [0o040000, "dir"],
  [0o120000, "symlink"],
  [0o010000, "fifo"],
  [0o140000, "socket"],
]);

/** The type of a path by its mode (inode(7)). */
export function toPathType(stats: BigIntStats): BaseState["type"] {
  return TYPES.get(Number(stats.mode) & TYPE_BITS) ?? "device";
}

/** Permission bits with setuid, setgid and sticky. */
export function toModeBits(stats: BigIntStats): number {
  return Number(stats.mode) & 0o7777;
}

/** True for the device by which overlayfs marks a deleted path: character, 0:0. */
export function isWhiteout(stats: BigIntStats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0n;
}
