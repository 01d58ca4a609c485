import { type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import type { Native } from "../../src/host/native.js";

/** A tree: path → what a person would call its state, and when the kernel last saw it changed. */
export type Tree = ReadonlyMap<string, Entry>;

interface Entry {
  readonly type: "file" | "dir" | "link";
  /** Type, mode, owner, attributes and content: no time. */
  readonly state: string;
  readonly changed: string;
}

/** What must come of a cell. */
export type Expected = "commits" | "no-op" | "conflict";

/** The two sides of a cell and what both began with. */
export interface Sides {
  readonly base: Tree;
  readonly task: Tree;
  readonly host: Tree;
  /** A directory that the task emptied by making it anew. */
  readonly remakes: string | undefined;
  /**
   * The host acted before the changes were read: what it touched cannot be told from what the task had seen. `isFresh`: the layers hold
   * an inode there that was not copied from the workspace.
   */
  readonly early: { isFresh(name: string): boolean } | undefined;
}

/** The tree below `root`. */
export function readTrees(native: Native, root: string): Tree {
  const tree = new Map<string, Entry>();
  const walk = (below: string): void => {
    for (const entry of readdirSync(path.join(root, below), { withFileTypes: true })) {
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      tree.set(name, readEntry(native, path.join(root, name), entry));
      if (entry.isDirectory()) walk(name);
    }
  };
  walk("");
  return tree;
}

function readEntry(native: Native, full: string, entry: Dirent): Entry {
  const { mode, uid, gid, ctimeNs, ino } = lstatSync(full, { bigint: true });
  const changed = `${ino}/${ctimeNs}`;
  if (entry.isSymbolicLink())
    return { type: "link", state: `link to ${readlinkSync(full)}`, changed };
  const attribute = native.lgetxattr(full, "user.deed")?.toString() ?? "";
  const rights = `${mode.toString(8)} ${uid}:${gid} ${attribute}`;
  if (entry.isDirectory()) return { type: "dir", state: `dir ${rights}`, changed };
  return { type: "file", state: `file ${rights} ${readFileSync(full, "utf8")}`, changed };
}

/** The rule, over the three trees alone. */
export function judge(sides: Sides): Expected {
  const paths = listChanged(sides);
  if (paths.some((name) => isConflict(sides, name))) return "conflict";
  return paths.some((name) => !isSame(sides.task, sides.host, name)) ? "commits" : "no-op";
}

/** What the host did at a path, as a person is told of an edit after the changes were read. */
export function tellHost({ base, host }: Sides, name: string): RegExp {
  const [was, is] = [base.get(name), host.get(name)];
  if (is === undefined)
    return /^was deleted on the host|^the directory it belongs in is gone|^a directory above it is a symbolic link/;
  if (was === undefined) return /^was created on the host/;
  if (was.type !== is.type) return /^changed on the host: is now a /;
  if (was.state === is.state) return /^has .* in it$/;
  const parts = was.state.split(" ").map((part, at) => part !== is.state.split(" ")[at]);
  if (is.type === "link") return /points elsewhere/;
  return parts[1] ? /has mode 0/ : parts[3] ? /has other attributes/ : /has other content/;
}

/** What the task did at a path. */
export function tellTask({ base, task }: Sides, name: string): RegExp {
  const [was, is] = [base.get(name), task.get(name)];
  if (is === undefined) return /^deleted it$/;
  if (was === undefined) return /^created it \(a (file|directory|symbolic link)\)$/;
  return was.type !== is.type
    ? /^made it a (file|directory|symbolic link)$/
    : /^changed its (content|mode|attributes|target)$/;
}

/** What a commit makes of the host's tree: the task's state where the task changed it, the host's everywhere else. */
export function mergeTrees(sides: Sides): ReadonlyMap<string, string> {
  const merged = new Map([...sides.host].map(([name, { state }]) => [name, state]));
  for (const name of listChanged(sides)) {
    const entry = sides.task.get(name);
    if (entry === undefined) merged.delete(name);
    else merged.set(name, entry.state);
  }
  return merged;
}

/**
 * Every path at which the task left another state than it began with. Early also what the layers hold as the task saw it (directories above,
 * what an emptied one has again), and what the host put into a directory that went.
 */
function listChanged(sides: Sides): readonly string[] {
  const { base, task, host, early } = sides;
  const names = new Set([...base.keys(), ...task.keys()]);
  const changed = [...names].filter((name) => !isSame(base, task, name));
  if (early === undefined) return changed;
  const held = [...task.keys()].filter((name) => isHeld(sides, name, changed));
  const swept = [...host.keys()].filter((name) => !names.has(name) && isBelowGone(sides, name));
  return [...new Set([...changed, ...held, ...swept])];
}

function isHeld(sides: Sides, name: string, changed: readonly string[]): boolean {
  const isAbove = changed.some((other) => other.startsWith(`${name}/`));
  return isAbove || name === sides.remakes || isBelowGone(sides, name);
}

function isSame(one: Tree, other: Tree, name: string): boolean {
  return one.get(name)?.state === other.get(name)?.state;
}

function isConflict(sides: Sides, name: string): boolean {
  if (leadsElsewhere(sides, name)) return true;
  if (isSame(sides.task, sides.host, name)) return false;
  if (isTouched(sides, name)) return true;
  return lacksParent(sides, name) || keepsOthers(sides, name);
}

/** Where a directory was that still is one for the task, the host has a symbolic link. */
function leadsElsewhere({ base, task, host }: Sides, name: string): boolean {
  return parentsOf(name).some(
    (parent) =>
      host.get(parent)?.type === "link" &&
      base.get(parent)?.type === "dir" &&
      task.get(parent)?.type === "dir",
  );
}

/** The host left another state; early also where it did anything at all to the path, or to a directory that went with it. */
function isTouched(sides: Sides, name: string): boolean {
  const { base, host, early } = sides;
  if (isUnseen(sides, name)) return false;
  if (!isSame(base, host, name)) return true;
  if (early === undefined) return false;
  const above = parentsOf(name).filter(
    (parent) => isGone(sides, parent) && !isUnseen(sides, parent),
  );
  return [name, ...above].some((one) => base.get(one)?.changed !== host.get(one)?.changed);
}

/** The one thing that leaves no trace: the host deleted early what the task had replaced by something new. It comes again. */
function isUnseen({ base, task, host, early }: Sides, name: string): boolean {
  return early?.isFresh(name) === true && task.has(name) && base.has(name) && !host.has(name);
}

/** There is nowhere to put it: the host has no directory there, and the task makes none. */
function lacksParent(sides: Sides, name: string): boolean {
  const { base, task, host } = sides;
  const [parent] = parentsOf(name);
  if (parent === undefined || !task.has(name)) return false;
  const isMade = !isSame(base, task, parent) || isUnseen(sides, parent);
  return host.get(parent)?.type !== "dir" && !isMade;
}

/** A directory goes, and the host has something in it that the task never had. */
function keepsOthers({ base, task, host }: Sides, name: string): boolean {
  if (base.get(name)?.type !== "dir" || task.get(name)?.type === "dir") return false;
  return [...host.keys()].some((other) => other.startsWith(`${name}/`) && !base.has(other));
}

function isGone({ base, task, remakes }: Sides, dir: string): boolean {
  if (base.get(dir)?.type !== "dir") return false;
  return dir === remakes || task.get(dir)?.type !== "dir";
}

function isBelowGone(sides: Sides, name: string): boolean {
  return parentsOf(name).some((parent) => isGone(sides, parent));
}

/** Nearest first. */
function parentsOf(name: string): readonly string[] {
  const parts = name.split("/");
  return parts
    .slice(1)
    .map((_, index) => parts.slice(0, index + 1).join("/"))
    .reverse();
}
