import type { RelPath } from "../core/path.js";
import type { GitRefChange, GitStory } from "./describe-git.js";
import { formatCount } from "./format-units.js";
import { toGitPlace } from "./git-group.js";
import type { ReviewedChange } from "./listed-changes.js";
import { neutralise } from "./neutralise.js";
import { toShownPath } from "./shown-path.js";

/** A repository's changes as one thing. */
export interface ShownGit extends GitStory {
  readonly workspace: number;
  readonly gitDir: RelPath;
  readonly data: readonly ReviewedChange[];
  readonly extras: readonly ReviewedChange[];
}

const MOST_COMMITS = 20;
const MOST_EXTRAS = 10;

/** What the changes in a `.git` directory mean, one line a ref and a commit. All of it is neutralised. */
export function renderGit(git: ShownGit, workspaces: readonly string[]): readonly string[] {
  const name = toShownPath({ workspace: git.workspace, path: git.gitDir }, workspaces);
  const { head } = git;
  const short = (name: string | undefined): string => shortRef(name ?? "nothing");
  return [
    `${name}/  ${formatCount(git.data.length, "change")} of git's own data`,
    ...(head === undefined ? [] : [`  HEAD  ${short(head.before)} → ${short(head.after)}`]),
    ...git.refs.flatMap(renderRef),
    ...git.notes.map((note) => `  note: ${neutralise(note)}`),
    ...renderExtras(git, workspaces),
  ];
}

function renderRef({ name, before, after, commits }: GitRefChange): readonly string[] {
  const more = commits.length - MOST_COMMITS;
  return [
    `  ${shortRef(name)}  ${describeMove(before, after)}`,
    ...commits
      .slice(0, MOST_COMMITS)
      .map(({ id, subject }) => `    ${id.slice(0, 10)}  ${neutralise(subject)}`),
    ...(more > 0 ? [`    … and ${formatCount(more, "more commit")}`] : []),
  ];
}

function describeMove(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return `new, ${shortRef(after ?? "")}`;
  if (after === undefined) return `removed, it was ${shortRef(before)}`;
  return `${shortRef(before)} → ${shortRef(after)}`;
}

function renderExtras(git: ShownGit, workspaces: readonly string[]): readonly string[] {
  const shown = git.extras.slice(0, MOST_EXTRAS).map(({ change }) => {
    const isLock = toGitPlace(change.path)?.role === "lock";
    const why = isLock ? "left by a git that was killed" : "git obeys it";
    return `  left out unless named: ${toShownPath(change, workspaces)}  (${why})`;
  });
  const more = git.extras.length - MOST_EXTRAS;
  return more > 0 ? [...shown, `  … and ${formatCount(more, "more path")} like these`] : shown;
}

/** `main` for `refs/heads/main`; the first digits of an id. */
function shortRef(name: string): string {
  if (/^[0-9a-f]{40,}$/.test(name)) return name.slice(0, 10);
  return neutralise(name.replace(/^refs\/(heads|tags|remotes)\//, "").replace(/^refs\//, ""));
}
