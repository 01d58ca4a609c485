import { hasErrno, SandboxError } from "../core/error.js";
import { encodeName, joinPath } from "../core/path.js";
import { type NamedEntry, readDirAt, readEntriesAt } from "../host/dir-handle.js";
import type { WalkContext } from "./walk-context.js";
import { readBaseStats } from "./base-state.js";
import type { ChangeWriter, Found } from "./change-writer.js";
import { DirChain } from "../host/dir-chain.js";
import type { DirNode } from "./dir-node.js";
import { mayBeSwapped } from "./host-touch.js";
import { readUpperEntry } from "./upper-entry.js";

/** Deeper than any real tree; a path of this many components would fill the memory with its prefixes. */
const DEEPEST = 4096;
const SWAPPED = "its directory was changed in the workspace during the run";
const UNREADABLE_DIR = {
  kind: "unreadable",
  text: "this user may not list it: what it holds in the workspace is unknown",
} as const;

/**
 * Walks the upperdir and, beside it, as much of the workspace as it touches, and hands every difference to the
 * writer. Where the upperdir hides a directory of the workspace, that is walked to its leaves: each
 * path in it is deleted by itself. Both trees are entered only through open directories.
 */
export function walkLayers(context: WalkContext, root: DirNode, writer: ChangeWriter): void {
  using upper = new DirChain(context.layers.upper, { node: root, unlock: true });
  using base = new DirChain(context.layers.lower, { node: root, unlock: false });
  const pending: DirNode[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop())
    pending.push(...visitDir({ context, writer, upper, base }, node));
}

interface Walk {
  readonly context: WalkContext;
  readonly writer: ChangeWriter;
  readonly upper: DirChain;
  readonly base: DirChain;
}

/** Judges every name of one directory; returns the directories below that have to be visited. */
function visitDir(walk: Walk, node: DirNode): readonly DirNode[] {
  if (node.depth > DEEPEST)
    throw new SandboxError("damaged", `the layers go more than ${DEEPEST} directories deep`);
  const baseFd = node.inBase ? walk.base.fdOf(node) : undefined;
  const upperFd = node.inUpper ? openUpper(walk, node) : undefined;
  const entries = upperFd === undefined ? [] : readEntriesAt(upperFd);
  const below = entries.map((entry) => visitName(walk, node, { ...entry, upperFd, baseFd }));
  if (node.hidesBase && baseFd !== undefined) {
    const seen = new Set(entries.map((entry) => entry.name));
    const hidden = readHidden(walk, node, baseFd).filter((name) => !seen.has(name));
    below.push(...hidden.map((name) => visitName(walk, node, { name, isFile: false, baseFd })));
  }
  return below.filter((child) => child !== undefined);
}

function openUpper(walk: Walk, node: DirNode): number {
  const fd = walk.upper.fdOf(node);
  if (fd !== undefined) return fd;
  throw new SandboxError("damaged", `the layers changed while they were read: ${node.path}`);
}

/** What a directory of the workspace holds that the layers hide. */
function readHidden(walk: Walk, node: DirNode, baseFd: number): readonly string[] {
  try {
    return readDirAt(baseFd);
  } catch (error) {
    if (!hasErrno(error, "EACCES")) throw error;
    walk.writer.note(node.path, UNREADABLE_DIR);
    return [];
  }
}

function visitName(
  walk: Walk,
  node: DirNode,
  at: NamedEntry & { readonly upperFd?: number | undefined; readonly baseFd: number | undefined },
): DirNode | undefined {
  const { context, writer } = walk;
  const path = joinPath(node.path, at.name);
  if (context.covered.covers(path)) return undefined;
  context.onEntry();
  const upper =
    at.upperFd === undefined
      ? undefined
      : readUpperEntry(context, { ...at, dirFd: at.upperFd, path });
  if (upper?.kind === "unreadable" || upper?.kind === "dropped") writer.note(path, upper.notice);
  if (upper?.kind === "unreadable") return undefined;
  const { name, baseFd } = at;
  const base = baseFd === undefined ? undefined : readBaseStats({ dirFd: baseFd, name });
  const entry = upper?.kind === "entry" ? upper : undefined;
  const found: Found = { node, name, path, baseFd, entry, ...(base !== "denied" && { base }) };
  if (base === "denied") return writer.writeUnknown(found);
  const touched = writer.write(found);
  return toChild(walk, found, touched);
}

/** The directory to go on in, if `found` is one on either side. */
function toChild(walk: Walk, found: Found, touched: string | undefined): DirNode | undefined {
  const { node, name, path, base, entry } = found;
  const inUpper = entry?.type === "dir";
  const inBase = base?.isDirectory() === true;
  if (!inUpper && !inBase) return undefined;
  const hidesBase = node.hidesBase || !inUpper || entry.xattrs.opaque;
  const baseTouched = base !== undefined && walk.context.touch.isTouched(path, base);
  const swapped = inBase && baseTouched && (hidesBase || isSwapped(walk, found));
  const reason = node.touched ?? (swapped ? SWAPPED : inBase ? undefined : touched);
  return {
    parent: node,
    name,
    depth: node.depth + 1,
    path,
    inUpper,
    inBase,
    hidesBase,
    nearestTouched: inBase ? baseTouched : node.nearestTouched,
    ...(reason !== undefined && { touched: reason }),
  };
}

function isSwapped(walk: Walk, found: Found): boolean {
  const { baseFd, base, name, entry } = found;
  if (baseFd === undefined || base === undefined) return false;
  const at = { dirFd: baseFd, name: encodeName(name), stats: base };
  return mayBeSwapped(walk.context.native, at, entry?.xattrs.origin);
}
