import type { Change } from "../core/change.js";
import type { RelPath } from "../core/path.js";

/** What a path below a `.git` directory is to a commit. */
export interface GitPlace {
  /** The `.git` directory itself. */
  readonly gitDir: RelPath;
  /** The path below it; `""` for itself. */
  readonly below: string;
  /**
   * `data`: objects, refs, the index and the like, which only make sense together; `lock`: left by a git that was killed;
   * `extra`: a hook, a configuration, or anything else that git obeys.
   */
  readonly role: "data" | "lock" | "extra";
}

/** Where a change belongs in a repository's own directory. A link in the place of one of its directories leads anywhere: git obeys it. */
export function toGitPlaceOf({ path, after, before }: Change): GitPlace | undefined {
  const place = toGitPlace(path);
  const isDirectory = (after ?? before)?.type === "dir";
  return place === undefined || isDirectory || !HOLDERS.has(place.below)
    ? place
    : { ...place, role: "extra" };
}

/** Where `path` belongs there, if it is of the type that git makes there; undefined for all other paths. */
export function toGitPlace(path: RelPath): GitPlace | undefined {
  if (!path.includes(".git")) return undefined;
  const parts = path.split("/");
  const at = parts.indexOf(".git");
  if (at < 0) return undefined;
  const gitDir = parts.slice(0, at + 1).join("/") as RelPath;
  const below = parts.slice(at + 1);
  return { gitDir, below: below.join("/"), role: toRole(below) };
}

const DATA_TREES = new Set(["objects", "refs", "logs", "lfs"]);
const DATA_FILES =
  /^(HEAD|ORIG_HEAD|FETCH_HEAD|index|sharedindex\.[0-9a-f]+|packed-refs|shallow|COMMIT_EDITMSG|description|AUTO_MERGE|MERGE_[A-Z]+|SQUASH_MSG|(CHERRY_PICK|REVERT|REBASE|BISECT)_HEAD)$/;
/** Directories that hold nothing by themselves. */
const HOLDERS = new Set(["", "info", "branches", "hooks", "modules", "worktrees"]);

function toRole(below: readonly string[]): GitPlace["role"] {
  const name = below.at(-1) ?? "";
  if (name.endsWith(".lock")) return "lock";
  if (below[0] === "objects" && /^(tmp_|\.tmp-)/.test(name)) return "lock";
  if (below.includes(".git")) return "extra";
  if (below[0] === "modules" || below[0] === "worktrees") return toNestedRole(below);
  return isData(below) ? "data" : "extra";
}

function isData(below: readonly string[]): boolean {
  const [first = ""] = below;
  if (first === "objects" && below[1] === "info" && /alternates/.test(below[2] ?? "")) return false;
  if (DATA_TREES.has(first)) return true;
  // Examples that git never runs.
  if (first === "hooks" && below.length === 2 && below[1]?.endsWith(".sample")) return true;
  // What `git gc` writes for those who fetch over plain HTTP.
  if (below.join("/") === "info/refs") return true;
  return below.length <= 1 && (HOLDERS.has(first) || DATA_FILES.test(first));
}

/**
 * The repository of a submodule or of another work tree. The name of a submodule may hold slashes, so that what is a hook
 * cannot be told by its place: whatever has such a name anywhere is left to a person.
 */
function toNestedRole(below: readonly string[]): GitPlace["role"] {
  const rest = below.slice(1);
  const isObeyed = (name: string): boolean =>
    /^(hooks|config|config\.worktree|commondir|gitdir|attributes)$/.test(name);
  if (rest.some(isObeyed)) return "extra";
  if (rest.length <= 1) return "data";
  return rest.some((_, at) => at > 0 && isData(rest.slice(at))) ? "data" : "extra";
}
