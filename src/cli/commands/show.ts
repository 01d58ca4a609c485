import type { Command } from "commander";
import type { Controller } from "../../controller/controller.js";
import type { CommitRecord, SessionRecord } from "../../core/session.js";
import { formatCount } from "../../review/format-units.js";
import { neutralise } from "../../review/neutralise.js";
import { renderOutcome } from "../../review/render-outcome.js";
import { describeNetwork } from "../../controller/network/describe-network.js";
import type { CliCommand } from "../cli-command.js";
import { type CliContext, wantsColour } from "../cli-context.js";
import { resolveSession } from "../resolve-reference.js";
import { isFrozen, toShownState } from "../rolled-back.js";
import { writeOutput } from "../write-output.js";
import { toSessionObject, writeJson } from "../to-json.js";

/** `sandbox show`. */
export const showCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .argument("<session>", "an id, a prefix of it, a name, or latest")
    .option("--output", "what the task wrote, as it wrote it")
    .option("--network", "what it sent, or wanted to")
    .option("--json", "the session with its spec, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  sandbox show latest\n  sandbox show latest --output | less\n",
    );
}

interface ShowOptions {
  readonly output?: true;
  readonly network?: true;
  readonly json?: true;
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<ShowOptions>();
  const controller = await context.openController();
  const record = await resolveSession(context, controller, {
    text: command.args[0] ?? "",
    purpose: "read",
  });
  if (options.network === true) return await showSends(context, controller, { record, options });
  const commits = (await controller.store.listCommits()).commits.filter(
    ({ session }) => session === record.session,
  );
  if (options.output === true)
    await writeOutput(context, controller.store.readOutput(record.session));
  else if (options.json === true) writeJson(context.stdout, "show", toShowObject(record, commits));
  else context.stdout.write(renderSession(context, record, commits));
  return 0;
}

async function showSends(
  context: CliContext,
  controller: Controller,
  { record, options }: { readonly record: SessionRecord; readonly options: ShowOptions },
): Promise<number> {
  const { listSends } = await import("../../controller/network/list-sends.js");
  const { renderSends, toSendsObject } = await import("../render-sends.js");
  const sends = await listSends(controller, record.session);
  if (options.json === true)
    writeJson(context.stdout, "sends", toSendsObject(record.session, sends));
  else {
    const hadNetwork = record.spec.network !== "none";
    const colour = wantsColour(context, context.stdout);
    context.stdout.write(renderSends(sends, { colour, hadNetwork }));
  }
  return 0;
}

function toShowObject(record: SessionRecord, commits: readonly CommitRecord[]): object {
  return {
    ...toSessionObject(record, commits),
    engine: record.engine,
    ...(record.daemon === undefined ? {} : { daemon: record.daemon }),
    ...(record.runtime === undefined ? {} : { runtime: record.runtime }),
    ...(record.outcome === undefined ? {} : { outcome: record.outcome }),
    ...(record.durationMs === undefined ? {} : { durationMs: record.durationMs }),
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    revision: record.revision,
    commits: record.commits,
    history: commits.map(({ commit, undoes, state, createdAt, applied }) => ({
      commit,
      ...(undoes === undefined ? {} : { undoes }),
      ...{ state, createdAt, applied },
    })),
    ...(record.network === undefined ? {} : { network: record.network }),
    limits: record.limits,
    spec: record.spec,
  };
}

function renderSession(
  context: CliContext,
  record: SessionRecord,
  commits: readonly CommitRecord[],
): string {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["session", record.session],
    ["name", record.name],
    ["state", toShownState(record, commits)],
    ["waits for", isFrozen(record) ? `sandbox approve ${record.frozen}, or deny` : undefined],
    ["command", record.command.map(quoteWord).join(" ")],
    ["workspace", record.workspaces.join("\n")],
    ["engine", renderEngine(record)],
    ["daemon", record.daemon],
    ["image", renderImage(record)],
    ["started", record.startedAt],
    ["result", renderResult(context, record)],
    ["reason", record.reason],
    ["changes", renderCounts(record)],
    ["digest", record.digest],
    ["commits", commits.map(renderCommit).join("\n") || undefined],
    ["user", `${record.spec.userName} (${record.spec.uid}:${record.spec.gid})`],
    ["network", describeNetwork(record.network).join("\n")],
    ["limits", renderLimits(record)],
    ["mounts", renderMounts(record)],
  ];
  return rows
    .flatMap(([label, value]) =>
      value === undefined || value === "" ? [] : renderRow(label, value),
    )
    .join("");
}

function renderCommit({ commit, undoes, state, createdAt, applied }: CommitRecord): string {
  const what = undoes === undefined ? "" : `, a rollback of ${undoes}`;
  const paths = formatCount(applied, "path");
  return `${commit}  ${createdAt}  ${paths}, ${state.replaceAll("-", " ")}${what}`;
}

function renderRow(label: string, value: string): readonly string[] {
  return value.split("\n").map((line, at) => `${(at === 0 ? label : "").padEnd(10)} ${line}\n`);
}

function renderEngine({ engine, runtime }: SessionRecord): string {
  if (runtime === undefined) return engine;
  return runtime === engine ? `${engine} (its daemon's own runtime)` : `${engine} (${runtime})`;
}

function renderImage({ spec }: SessionRecord): string | undefined {
  if (spec.image === undefined) return undefined;
  return `${neutralise(spec.image.reference)} (${spec.image.id})`;
}

function renderResult(context: CliContext, record: SessionRecord): string | undefined {
  if (record.outcome === undefined) return undefined;
  return renderOutcome(record.outcome, {
    colour: wantsColour(context, context.stdout),
    durationMs: record.durationMs ?? 0,
  });
}

function renderCounts({ counts, state, session }: SessionRecord): string | undefined {
  if (counts === undefined && state === "interrupted")
    return `not read yet: sandbox diff ${session} does`;
  if (counts === undefined) return undefined;
  return `${counts.added} added, ${counts.modified} modified, ${counts.deleted} deleted`;
}

function renderLimits(record: SessionRecord): string {
  return record.limits
    .map(({ limit, by, detail, kills }) => {
      const reached = kills === undefined ? "" : `; reached, killed at it: ${kills}`;
      return `${limit}: ${neutralise(detail)} (by ${by})${reached}`;
    })
    .join("\n");
}

function renderMounts(record: SessionRecord): string {
  return record.spec.mounts
    .map(({ kind, target }) => `${kind.padEnd(8)} ${neutralise(target)}`)
    .join("\n");
}

/** For reading; not made to be pasted into a shell where a name is hostile. */
function quoteWord(word: string): string {
  const safe = neutralise(word);
  return /^[\w@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", "'\\''")}'`;
}
