import type { Change } from "../core/change.js";
import { joinPath, type RelPath } from "../core/path.js";
import { openTreeReader, type TreeReader } from "../overlay/open-tree-reader.js";
import { describeGit, type GitStory } from "../review/describe-git.js";
import { toGitPlace, toGitPlaceOf } from "../review/git-group.js";
import type { GitFiles } from "../review/git-objects.js";
import { layersOf, type ReviewedChange, type SessionReview } from "./session-review.js";

/** The changes below one `.git` directory, and what they mean. */
export interface GitGroup extends GitStory {
  readonly workspace: number;
  readonly gitDir: RelPath;
  /** Objects, refs, the index and the like: they are committed together or not at all. */
  readonly data: readonly ReviewedChange[];
  /** Hooks, configuration, locks left by a killed git: left out unless they are named. */
  readonly extras: readonly ReviewedChange[];
}

/** The repositories among the changed paths, read by ourselves: no git runs on what a task left. */
export function readGitGroups(
  review: SessionReview,
  items: readonly ReviewedChange[] = review.items,
): readonly GitGroup[] {
  const groups = new Map<string, { gitDir: RelPath; items: ReviewedChange[] }>();
  for (const item of items) {
    const place = toGitPlace(item.change.path);
    if (place === undefined) continue;
    const key = `${item.change.workspace}/${place.gitDir}`;
    const group = groups.get(key) ?? { gitDir: place.gitDir, items: [] };
    group.items.push(item);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap((group) => {
    const first = group.items[0];
    // `.git` as a file says where the repository is: an ordinary change, of high risk.
    const isFile = group.items.length === 1 && first?.change.path === group.gitDir;
    if (first === undefined || isFile) return [];
    return [toGroup(review, first.change, group)];
  });
}

function toGroup(
  review: SessionReview,
  { workspace }: Change,
  group: { readonly gitDir: RelPath; readonly items: readonly ReviewedChange[] },
): GitGroup {
  const { gitDir, items } = group;
  const isData = ({ change }: ReviewedChange): boolean => toGitPlaceOf(change)?.role === "data";
  const views = openViews(review, { workspace, gitDir });
  const changed = items.flatMap(({ change }) => {
    const isFile = (change.after ?? change.before)?.type === "file";
    return isFile ? change.path.slice(gitDir.length + 1) : [];
  });
  return {
    ...{ workspace, gitDir },
    data: items.filter(isData),
    extras: items.filter((item) => !isData(item)),
    ...describeGit({ ...views, changed }),
  };
}

/** The directory as the workspace has it, and as the task left it. */
function openViews(
  review: SessionReview,
  at: { readonly workspace: number; readonly gitDir: RelPath },
): { readonly before: GitFiles; readonly after: GitFiles } {
  const own = review.changeset.changes.filter(
    (change) => change.workspace === at.workspace && change.path.startsWith(`${at.gitDir}/`),
  );
  const changes = new Map(own.map((change) => [change.path, change]));
  const [first] = own;
  const layers = first === undefined ? undefined : layersOf(review.record, first);
  const lower = openTreeReader(layers?.lower ?? "");
  const upper = openTreeReader(layers?.upper ?? "");
  const full = (path: string): RelPath => joinPath(at.gitDir, path);
  const sideOf = (path: RelPath): TreeReader | undefined => {
    const change = changes.get(path);
    if (change === undefined) return lower;
    return change.after === undefined ? undefined : upper;
  };
  return {
    before: toFiles(
      full,
      () => lower,
      (path) => lower.list(path),
    ),
    after: toFiles(full, sideOf, (path) => {
      const names = [...lower.list(path), ...upper.list(path)];
      return [...new Set(names)].filter(
        (name) => changes.get(joinPath(path, name))?.kind !== "delete",
      );
    }),
  };
}

function toFiles(
  full: (path: string) => RelPath,
  sideOf: (path: RelPath) => TreeReader | undefined,
  list: (path: RelPath) => readonly string[],
): GitFiles {
  return {
    read: (path, maxBytes) => sideOf(full(path))?.read(full(path), maxBytes),
    readRange: (path, offset, length) => sideOf(full(path))?.readRange(full(path), offset, length),
    list: (path) => list(full(path)),
  };
}
