import path from "node:path";
import type { Controller } from "../controller/controller.js";
import type { CommitProposal } from "../controller/propose-commit.js";
import { hostPath } from "../controller/select-changes.js";
import type { ReviewedChange } from "../controller/session-review.js";
import { parentPath, type RelPath, ROOT_PATH } from "../core/path.js";
import { toGitPlaceOf } from "../review/git-group.js";
import { neutraliseName } from "../review/neutralise.js";
import { quoteForShell } from "./completion/shell-quote.js";

/** More names than a person looks at in one line. */
const MOST_NAMES = 6;

/**
 * The command that approves what `--yes` did not, once it has been looked at: a line that can be pasted into a shell. Where it would be long, or a name
 * cannot be shown as it is, the way is a review.
 */
export function toNamingHint(controller: Controller, proposal: CommitProposal): string {
  const { review, needsNaming, request } = proposal;
  const { workspaces } = review.changeset;
  const { session } = review.record;
  const names = toPlaces(needsNaming).map((place) => hostPath(workspaces, place));
  if (names.length > MOST_NAMES || names.some((name) => neutraliseName(name) !== name))
    return `look at them one by one: sandbox review ${session}`;
  const { paths, hunks = [] } = request;
  const all = hunks.length > 0 ? [] : workspaces.map((place) => toWord(controller.cwd, place));
  const words = [
    ...(paths.length > 0 ? paths : all),
    ...names.map((name) => (name === controller.cwd ? name : toWord(controller.cwd, name))),
  ];
  const line = ["sandbox", "commit", session, "--yes", ...toFlags(request), ...new Set(words)];
  return `look at them, then: ${line.map(quoteForShell).join(" ")}`;
}

/** The options that say what is selected, and how. */
function toFlags(request: CommitProposal["request"]): readonly string[] {
  const { hunks = [], ours = [], theirs = [], reviewed, merge } = request;
  return [
    ...(reviewed === true ? ["--reviewed"] : []),
    ...(merge === undefined || merge === "no" ? [] : ["--merge"]),
    ...(merge === "markers" ? ["--markers"] : []),
    ...hunks.flatMap((text) => ["--hunks", text]),
    ...ours.flatMap((text) => ["--ours", text]),
    ...theirs.flatMap((text) => ["--theirs", text]),
  ];
}

interface Place {
  readonly workspace: number;
  readonly path: RelPath;
}

/** Of each directory at the top that holds several of them the deepest one above them all; else their own paths. */
function toPlaces(items: readonly ReviewedChange[]): readonly Place[] {
  const places = new Map<string, Place>();
  for (const { change } of items) {
    const { workspace } = change;
    const own = toGitPlaceOf(change)?.gitDir ?? change.path;
    const key = `${workspace}/${own.split("/")[0] ?? ""}`;
    const known = places.get(key);
    places.set(key, { workspace, path: known === undefined ? own : toCommon(known.path, own) });
  }
  return [...places.values()];
}

function toCommon(one: RelPath, other: RelPath): RelPath {
  let at: RelPath = one;
  while (at !== other && !other.startsWith(`${at}/`)) at = parentPath(at) ?? ROOT_PATH;
  return at;
}

/** As it is written from `cwd`: `.` is everything there, and names nothing. */
function toWord(cwd: string, absolute: string): string {
  const word = path.relative(cwd, absolute);
  if (word === "") return ".";
  if (word.startsWith("..")) return absolute;
  return word.startsWith("-") ? `./${word}` : word;
}
