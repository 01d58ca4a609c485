import { parentPath, type RelPath } from "../core/path.js";
import type { ReviewedChange } from "./listed-changes.js";

/** A tree that is shown as one line. */
export interface FoldedTree {
  readonly workspace: number;
  /** A directory, or a single file that is ignored by itself. */
  readonly path: RelPath;
  readonly isDirectory: boolean;
  /** Git ignores it; else it is a tree of installed code. */
  readonly ignored: boolean;
  readonly items: readonly ReviewedChange[];
}

/** What stays in sight, and what is folded. */
export interface FoldedChanges {
  readonly shown: readonly ReviewedChange[];
  readonly trees: readonly FoldedTree[];
}

/** Names that only tools give to trees of installed or made files. */
const INSTALLED = new Set([
  "node_modules",
  "bower_components",
  ".venv",
  "venv",
  "__pycache__",
  ".tox",
  ".nox",
  ".mypy_cache",
  ".pytest_cache",
  ".ruff_cache",
  ".gradle",
  ".next",
  ".nuxt",
  ".turbo",
  ".parcel-cache",
]);
/** Trees that are made by a build; folded only where git ignores them. */
const BUILT = new Set([
  ...INSTALLED,
  "target",
  "dist",
  "build",
  "out",
  "coverage",
  "vendor",
  "bin",
  "obj",
]);

/**
 * Folds the trees git ignores and trees of installed code. A change of high risk stays in sight
 * wherever it is, and so does a deletion unless git ignores it.
 */
export function foldTrees(items: readonly ReviewedChange[]): FoldedChanges {
  const ignored = new Set(
    items.filter((item) => item.ignored).map(({ change }) => `${change.workspace}\0${change.path}`),
  );
  const shown: ReviewedChange[] = [];
  const trees = new Map<string, Omit<FoldedTree, "items"> & { items: ReviewedChange[] }>();
  for (const item of items) {
    const root = findRoot(item, ignored);
    if (root === undefined || mustBeSeen(item)) {
      shown.push(item);
      continue;
    }
    const key = `${item.change.workspace}\0${root}`;
    const isDirectory = root !== item.change.path || toType(item) === "dir";
    const tree = trees.get(key) ?? {
      workspace: item.change.workspace,
      path: root,
      isDirectory,
      ignored: item.ignored,
      items: [],
    };
    tree.items.push(item);
    trees.set(key, tree);
  }
  return { shown, trees: [...trees.values()] };
}

/** Also a deletion that git would notice. */
function mustBeSeen(item: ReviewedChange): boolean {
  return item.risks[0]?.level === "high" || (item.change.kind === "delete" && !item.ignored);
}

function toType({ change }: ReviewedChange): string | undefined {
  return (change.after ?? change.before)?.type;
}

/** The topmost directory that is ignored as a whole, as far as the changes tell, or has a tool's name. */
function findRoot(item: ReviewedChange, ignored: ReadonlySet<string>): RelPath | undefined {
  const { workspace, path } = item.change;
  const names = item.ignored ? BUILT : INSTALLED;
  let root: RelPath | undefined = item.ignored ? path : undefined;
  for (let at = parentPath(path); at !== undefined && at !== ""; at = parentPath(at)) {
    const isTool = names.has(at.slice(at.lastIndexOf("/") + 1));
    if (isTool || ignored.has(`${workspace}\0${at}`)) root = at;
  }
  const own = path.slice(path.lastIndexOf("/") + 1);
  return root ?? (INSTALLED.has(own) && toType(item) === "dir" ? path : undefined);
}
