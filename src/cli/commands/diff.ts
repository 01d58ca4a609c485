import type { Command } from "commander";
import type { Controller } from "../../controller/controller.js";
import { findConflicts } from "../../controller/find-conflicts.js";
import { findSessionMoves } from "../../controller/find-session-moves.js";
import { loadReview } from "../../controller/load-review.js";
import { type GitGroup, readGitGroups } from "../../controller/read-git-stories.js";
import { readFileDiff } from "../../controller/read-file-diff.js";
import { selectChanges } from "../../controller/select-changes.js";
import type { ReviewedChange, SessionReview } from "../../controller/session-review.js";
import type { Change } from "../../core/change.js";
import { SandboxError } from "../../core/error.js";
import type { Moves } from "../../review/moves.js";
import type { FileDiff } from "../../review/file-diff.js";
import { toMovedAway } from "../../review/moved-paths.js";
import { toListed } from "../../review/listed-changes.js";
import { renderGit } from "../../review/render-git.js";
import { renderNameStatus } from "../../review/render-name-status.js";
import { renderPatch } from "../../review/render-patch.js";
import { renderStat } from "../../review/render-stat.js";
import type { CliCommand } from "../cli-command.js";
import { type CliContext, columnsOf, wantsColour } from "../cli-context.js";
import { printPaged } from "../pager.js";
import { resolveSession } from "../resolve-reference.js";
import { toChangeObject, toPath, writeJson } from "../to-json.js";

interface DiffOptions {
  readonly stat?: true;
  readonly nameStatus?: true;
  readonly patch?: true;
  readonly json?: true;
}

/** `sandbox diff`. */
export const diffCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .argument("<session>", "an id, a prefix of it, a name, or latest")
    .argument("[path...]", "only what lies at or below these host paths")
    .option("--stat", "lines added and removed, by file")
    .option("--name-status", "a letter and a name, by path")
    .option("--patch", "the differences themselves (the default)")
    .option("--json", "the changes, for programs")
    .addHelpText("after", "\nExample:\n  sandbox diff latest --stat\n  sandbox diff latest src/\n");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<DiffOptions>();
  refuseSeveral(options);
  const [text = "", ...paths] = command.args;
  const controller = await context.openController();
  const { session } = await resolveSession(context, controller, { text, purpose: "read" });
  const review = await loadReview(controller, session);
  const selected = selectChanges(review, { paths, resolvePath: controller.resolvePath });
  const items = review.items.filter((item) => selected.has(item.index));
  const isGitNamed = paths.some((text) => controller.resolvePath(text).split("/").includes(".git"));
  const git = readGitGroups(review, items);
  const folded = new Set(isGitNamed ? [] : git.flatMap(({ data }) => data));
  const plain = options.json === true ? items : items.filter((item) => !folded.has(item));
  const shown = { review, items: plain, git, moves: findSessionMoves(review, plain) };
  if (options.json === true) await printJson(context, controller, shown);
  else await printPaged(context, renderDiff(context, options, shown));
  return 0;
}

interface Shown {
  readonly review: SessionReview;
  readonly items: readonly ReviewedChange[];
  readonly moves: Moves;
  readonly git: readonly GitGroup[];
}

function refuseSeveral(options: DiffOptions): void {
  const forms = [options.stat, options.nameStatus, options.patch, options.json];
  if (forms.filter((form) => form === true).length > 1)
    throw new SandboxError("usage", "--stat, --name-status, --patch and --json exclude each other");
}

/** In pieces, one file at a time: a large changeset is never in memory as text. */
function* renderDiff(context: CliContext, options: DiffOptions, shown: Shown): Generator<string> {
  const { review, items, moves } = shown;
  const colour = wantsColour(context, context.stdout);
  const changes = items.map((item) => item.change);
  const { workspaces } = review.changeset;
  const several = workspaces.length > 1;
  if (options.nameStatus !== true) yield* renderGitNotes(shown);
  if (options.nameStatus === true)
    yield renderNameStatus(changes, { colour, moves, ...(several ? { workspaces } : {}) });
  else if (options.stat === true)
    yield renderStat(readEach(shown), { colour, width: columnsOf(context.stdout) });
  else
    for (const change of toPatched(shown))
      yield renderPatch(readFileDiff(review, change, moves.get(change)), {
        colour,
        terminal: context.stdout.isTTY === true,
        ...(several ? { workspace: workspaces[change.workspace] ?? "" } : {}),
      });
}

/** For a person and for `git apply` alike: what begins with `# ` is no part of a patch. */
function* renderGitNotes({ review, git }: Shown): Generator<string> {
  for (const group of git)
    for (const line of renderGit(group, review.changeset.workspaces)) yield `# ${line}\n`;
}

/** Each with a patch of its own: what was moved away has its place in that of the path it went to. */
function toPatched({ items, moves }: Shown): readonly Change[] {
  const away = toMovedAway(moves);
  return toListed(items)
    .map(({ change }) => change)
    .filter((change) => !away.has(change));
}

function* readEach({ review, items, moves }: Shown): Generator<FileDiff> {
  const away = toMovedAway(moves);
  for (const { change } of items)
    if (away.has(change)) yield { change, parts: [] };
    else yield readFileDiff(review, change, moves.get(change));
}

async function printJson(
  context: CliContext,
  controller: Controller,
  { review, items, moves, git }: Shown,
): Promise<void> {
  const goneTo = toDestinations(moves);
  const conflicts = new Map(
    (await findConflicts(controller, review)).map((conflict) => [
      `${conflict.workspace}/${conflict.path}`,
      conflict.reason,
    ]),
  );
  writeJson(context.stdout, "diff", {
    session: review.record.session,
    digest: review.changeset.digest,
    ...(git.length === 0 ? {} : { git: git.map((group) => toGitObject(review, group)) }),
    changes: items.map((item) =>
      toChangeObject(review, item, {
        conflict: conflicts.get(`${item.change.workspace}/${item.change.path}`),
        origin: moves.get(item.change),
        movedTo: goneTo.get(item.change),
      }),
    ),
  });
}

function toGitObject({ changeset }: SessionReview, group: GitGroup): object {
  const { workspace, gitDir, data, extras, head, refs, notes } = group;
  return {
    ...toPath(changeset.workspaces, { workspace, path: gitDir }),
    changes: data.length,
    ...(head === undefined ? {} : { head }),
    ...{ refs, notes },
    leftOut: extras.map(({ change }) => toPath(changeset.workspaces, change)),
  };
}

function toDestinations(moves: Moves): ReadonlyMap<Change, Change> {
  const pairs = [...moves].filter(([, { kind }]) => kind === "move");
  return new Map(pairs.map(([to, { from }]) => [from, to]));
}
