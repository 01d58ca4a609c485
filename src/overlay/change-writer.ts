import type { BigIntStats } from "node:fs";
import type { BaseState, NextState } from "../core/change.js";
import { hasErrno } from "../core/error.js";
import type { RelPath } from "../core/path.js";
import { toChildPath } from "../host/dir-handle.js";
import { readBaseContent, toBaseState } from "./base-state.js";
import type { Findings } from "./change-draft.js";
import type { DirNode } from "./dir-node.js";
import { isSameState, toNextState } from "./next-state.js";
import type { PathXattrs } from "./overlay-marks.js";
import { readPathXattrs } from "./overlay-marks.js";
import { isWhiteout } from "./path-type.js";
import type { NoticeText, UpperEntry } from "./upper-entry.js";
import type { WalkContext } from "./walk-context.js";

/** One name of a walk, with what is there on both sides. */
export interface Found {
  /** The directory that holds it. */
  readonly node: DirNode;
  readonly name: string;
  readonly path: RelPath;
  /** What the task left; undefined where it left nothing, or removed what was there. */
  readonly entry: Extract<UpperEntry, { kind: "entry" }> | undefined;
  readonly base?: BigIntStats | undefined;
  /** The open directory of the workspace that holds `base`. */
  readonly baseFd: number | undefined;
}

/** Above this, the content of a deleted file is not part of what a commit rests on: its size and stamps are. */
const MOST_HASHED_OF_DELETED = 1024n * 1024n;
const TOUCHED = "changed in the workspace during the run";
const MAY_BE_REMOVED = "may have been removed from the workspace during the run";
const HIDDEN_FROM_TASK = "a whiteout of the workspace's own: the task could not see it";
const UNKNOWN = "this user may not look at what the workspace has here";

/** Turns what a walk finds at one path into changes and notices. */
export class ChangeWriter {
  readonly #context: WalkContext;
  readonly #findings: Findings;

  constructor(context: WalkContext, findings: Findings) {
    this.#context = context;
    this.#findings = findings;
  }

  /** Judges one path; returns why it counts as touched by the host, if a change was written that does. */
  write(found: Found): string | undefined {
    const { base, entry } = found;
    if (entry === undefined) return base === undefined ? undefined : this.#delete(found, base);
    if (base === undefined) return this.#add(found, entry);
    return this.#modify(found, { entry, base });
  }

  /** A path whose base cannot be looked at: a commit stops on it. */
  writeUnknown(found: Found): undefined {
    this.note(found.path, { kind: "unreadable", text: UNKNOWN });
    if (found.entry === undefined) return;
    const after = toNextState(found.entry, undefined, this.#context.layers);
    this.#push(found, { kind: "add", after, hostTouched: UNKNOWN });
  }

  /** Says something about a path that is not a change. */
  note(path: RelPath, notice: NoticeText): void {
    this.#findings.notices.push({ workspace: this.#context.workspace, path, ...notice });
  }

  #delete(found: Found, base: BigIntStats): string | undefined {
    const { path, node } = found;
    // Made by a commit of ours where the layers hide what the workspace had: not the task's to delete.
    if (node.hidesBase && this.#context.touch.isCommitted(path, base)) return undefined;
    if (this.#keepsCovered(path)) return undefined;
    const hash = base.size <= MOST_HASHED_OF_DELETED;
    const xattrs = this.#readBaseXattrs(found, base);
    const before = this.#toBefore(found, { base, hash, xattrs });
    const hostTouched = isWhiteout(base) ? HIDDEN_FROM_TASK : this.#touchOf(found, base);
    if (isWhiteout(base)) this.note(path, { kind: "device-refused", text: HIDDEN_FROM_TASK });
    this.#push(found, { kind: "delete", before, hostTouched });
    return hostTouched;
  }

  #add(found: Found, entry: NonNullable<Found["entry"]>): string | undefined {
    const after = toNextState(entry, undefined, this.#context.layers);
    const copied = entry.xattrs.origin !== undefined;
    const hostTouched =
      found.node.touched ?? (copied && found.node.nearestTouched ? MAY_BE_REMOVED : undefined);
    this.#push(found, { kind: "add", after, hostTouched });
    return hostTouched;
  }

  #modify(
    found: Found,
    sides: { entry: NonNullable<Found["entry"]>; base: BigIntStats },
  ): string | undefined {
    const { entry, base } = sides;
    if (base.isDirectory() && entry.type !== "dir" && this.#keepsCovered(found.path))
      return undefined;
    const xattrs = this.#readBaseXattrs(found, base);
    const before = this.#toBefore(found, { base, hash: true, xattrs });
    const after = toNextState(entry, before, this.#context.layers);
    if (isSameState(after, before)) {
      this.#recordLink(found, undefined);
      return undefined;
    }
    const hostTouched = isWhiteout(base) ? HIDDEN_FROM_TASK : this.#touchOf(found, base);
    if (before.nlink > 1 && before.type === "file" && after.type === "file")
      this.note(found.path, {
        kind: "link-split",
        text: `one of ${before.nlink} names of one file in the workspace; the others keep the old content`,
      });
    this.#push(found, { kind: "modify", before, after, hostTouched });
    return hostTouched;
  }

  #touchOf(found: Found, base: BigIntStats): string | undefined {
    if (found.node.touched !== undefined) return found.node.touched;
    return this.#context.touch.isTouched(found.path, base) ? TOUCHED : undefined;
  }

  /** True, and said, where taking the directory away would take something with it that was mounted over. */
  #keepsCovered(path: RelPath): boolean {
    const held = this.#context.covered.heldBy(path);
    if (held === undefined) return false;
    this.note(path, {
      kind: "hidden-parent-kept",
      text: `kept: it holds ${held}, which the task could not see`,
    });
    return true;
  }

  #toBefore(
    found: Found,
    o: { base: BigIntStats; hash: boolean; xattrs: PathXattrs | undefined },
  ): BaseState {
    const { hasher } = this.#context;
    const at = { dirFd: found.baseFd ?? -1, name: found.name };
    const content = readBaseContent(at, o.base, o.hash ? hasher : undefined);
    if (content === "denied")
      this.note(found.path, {
        kind: "unreadable",
        text: "this user may not read it in the workspace",
      });
    return toBaseState(o.base, {
      ...(content !== "denied" && content),
      ...(o.xattrs?.carried !== undefined && { xattrs: o.xattrs.carried }),
    });
  }

  #readBaseXattrs(found: Found, base: BigIntStats): PathXattrs | undefined {
    if (base.isSymbolicLink() || isWhiteout(base)) return undefined;
    const path = toChildPath(found.baseFd ?? -1, found.name);
    try {
      const xattrs = readPathXattrs(this.#context.native, path, { side: "base" });
      for (const name of xattrs.forged)
        this.note(found.path, { kind: "forged-mark", text: `the workspace's own carries ${name}` });
      return xattrs;
    } catch (error) {
      // What withholds its attributes withholds its content: that is said when it is read.
      if (hasErrno(error, "EACCES", "EPERM", "ENOENT")) return undefined;
      throw error;
    }
  }

  #push(
    found: Found,
    o: {
      readonly kind: "add" | "modify" | "delete";
      readonly before?: BaseState;
      readonly after?: NextState;
      readonly hostTouched: string | undefined;
    },
  ): void {
    const { hostTouched, ...rest } = o;
    this.#findings.drafts.push({
      workspace: this.#context.workspace,
      path: found.path,
      ...rest,
      ...(hostTouched !== undefined && { hostTouched }),
    });
    this.#recordLink(found, this.#findings.drafts.length - 1);
    this.#noteMarks(found);
  }

  #noteMarks(found: Found): void {
    for (const name of found.entry?.xattrs.forged ?? [])
      this.note(found.path, { kind: "forged-mark", text: `carries ${name}` });
    for (const name of found.entry?.xattrs.unreadable ?? [])
      this.note(found.path, { kind: "unreadable", text: `its attribute ${name} cannot be read` });
  }

  #recordLink(found: Found, draft: number | undefined): void {
    const stats = found.entry?.stats;
    if (stats === undefined || stats.nlink < 2n || stats.isDirectory()) return;
    const key = `${stats.dev}:${stats.ino}`;
    const names = this.#findings.links.get(key) ?? [];
    names.push({ path: found.path, ...(draft !== undefined && { draft }) });
    this.#findings.links.set(key, names);
  }
}
