import type { Command } from "commander";
import type { CommitRecord, SessionRecord } from "../../core/session.js";
import { renderTable } from "../../review/render-table.js";
import type { CliCommand } from "../cli-command.js";
import { type CliContext, columnsOf, wantsColour } from "../cli-context.js";
import { hasNothing, toShownState } from "../rolled-back.js";
import { toSessionObject, writeJson } from "../to-json.js";

/** `sandbox ls`. */
export const lsCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .option("-a, --all", "also sessions that are committed, discarded, failed or changed nothing")
    .option("--no-trunc", "commands in full length")
    .option("--json", "all sessions, for programs")
    .addHelpText("after", "\nExample:\n  sandbox ls --all\n");
}

interface LsOptions {
  readonly all?: true;
  readonly trunc: boolean;
  readonly json?: true;
}

const SETTLED: ReadonlySet<string> = new Set(["committed", "discarded", "failed"]);

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<LsOptions>();
  const controller = await context.openController();
  const { sessions, damaged } = await controller.store.listSessions();
  const { commits } = await controller.store.listCommits();
  for (const { path, reason } of damaged)
    controller.notice(`damaged, kept as it is: ${path}: ${reason}`);
  if (options.json === true) {
    writeJson(context.stdout, "ls", {
      sessions: sessions.map((record) => toSessionObject(record, commits)),
    });
    return 0;
  }
  const shown = sessions.filter(
    (record) => options.all === true || !(SETTLED.has(record.state) || hasNothing(record)),
  );
  if (shown.length > 0)
    context.stdout.write(renderSessions(context, shown.toReversed(), { commits, ...options }));
  else
    controller.notice(
      sessions.length === 0
        ? "no sessions"
        : "no open sessions (`sandbox ls --all` shows the others)",
    );
  return 0;
}

function renderSessions(
  context: CliContext,
  sessions: readonly SessionRecord[],
  { commits, trunc }: { readonly commits: readonly CommitRecord[]; readonly trunc: boolean },
): string {
  const rows = sessions.map((record) => [
    record.session,
    toShownState(record, commits),
    renderCounts(record),
    renderAge(record.startedAt),
    record.name ?? "",
    record.workspaces.join(" "),
    trunc ? cut(record.command.join(" ")) : record.command.join(" "),
  ]);
  const titles = ["SESSION", "STATE", "CHANGES", "AGE", "NAME", "WORKSPACE", "COMMAND"];
  return renderTable(
    titles.map((title) => ({ title })),
    rows,
    {
      colour: wantsColour(context, context.stdout),
      ...(context.stdout.isTTY === true && trunc ? { width: columnsOf(context.stdout) } : {}),
    },
  );
}

function renderCounts({ counts, state }: SessionRecord): string {
  // Of a task that was killed with what ran it nobody has read yet what it left.
  if (counts === undefined) return state === "interrupted" ? "not read" : "";
  return `+${counts.added} ~${counts.modified} -${counts.deleted}`;
}

const MOST_COMMAND = 60;

/** Scripts are commands too: one must not be a page of the list. */
function cut(command: string): string {
  return command.length > MOST_COMMAND ? `${command.slice(0, MOST_COMMAND - 1)}…` : command;
}

/** How long ago, in the largest unit that fits. */
function renderAge(startedAt: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(startedAt)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
