import type { Command } from "commander";
import type { Controller } from "../../controller/controller.js";
import type { AuditRecord } from "../../core/audit-entry.js";
import { SandboxError } from "../../core/error.js";
import { EXIT_CODES } from "../../core/exit-code.js";
import { parseSessionId, type SessionId } from "../../core/ids.js";
import type { CliCommand } from "../cli-command.js";
import { type CliContext, wantsColour } from "../cli-context.js";
import { openLineWriter } from "../line-writer.js";
import { renderReplay, toReplayObject } from "../render-replay.js";
import { renderLogTitle, renderRecord, renderVerification } from "../render-log.js";
import { resolveSession } from "../resolve-reference.js";
import { selectRecords } from "../select-records.js";
import { writeJson } from "../to-json.js";

interface LogOptions {
  readonly session?: string;
  readonly last?: string;
  readonly follow?: true;
  readonly verify?: true;
  readonly replay?: string;
  readonly json?: true;
}

/** `sandbox log`. */
export const logCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .option("--session <session>", "only what is about this session")
    .option("-n, --last <count>", "only so many, the newest")
    .option("-f, --follow", "go on with what is recorded from now on, until interrupted")
    .option("--verify", "whether the log is as it was written: exit 5 where it is not")
    .option("--replay <session>", "whether the log and what is stored of a session agree: exit 5")
    .option("--json", "for programs: one record a line; with --verify one object")
    .addHelpText(
      "after",
      "\nWhat was asked for, decided and done, with secrets masked. The end of the log is signed with a key in the state\n" +
        "directory: it finds what somebody without that key did to the log.\n" +
        "\nExample:\n  sandbox log --last 20\n  sandbox log --verify\n",
    );
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<LogOptions>();
  const last = parseLast(options);
  refuseTogether(options);
  const controller = await context.openController();
  if (options.verify === true) return await verify(context, controller, options.json === true);
  if (options.replay !== undefined) return await replay(context, controller, options);
  const session = await chooseSession(context, controller, options.session);
  await print(context, controller, { ...options, session, last });
  return 0;
}

function refuseTogether({ verify, replay, follow, session, last }: LogOptions): void {
  if (
    replay !== undefined &&
    [verify, follow, session, last].some((option) => option !== undefined)
  )
    throw new SandboxError("usage", "--replay stands alone, but for --json");
  if (verify === true && [follow, session, last].some((option) => option !== undefined))
    throw new SandboxError(
      "usage",
      "--verify is about the whole log: no --session, --last, --follow",
    );
}

function parseLast({ last }: LogOptions): number | undefined {
  if (last === undefined) return undefined;
  if (/^\d{1,9}$/.test(last)) return Number(last);
  throw new SandboxError("usage", `--last: a number of records, not ${last}`);
}

/** The log knows sessions that are gone, by their whole id. */
async function chooseSession(
  context: CliContext,
  controller: Controller,
  text: string | undefined,
): Promise<SessionId | undefined> {
  if (text === undefined) return undefined;
  const whole = parseSessionId(text);
  if (whole !== undefined) return whole;
  return (await resolveSession(context, controller, { text, purpose: "read" })).session;
}

async function verify(context: CliContext, controller: Controller, json: boolean): Promise<number> {
  const { progress, store } = controller;
  const found = (await store.openAudit()).verify((count) => progress("reading the log", count));
  progress("reading the log", undefined);
  const ok = found.problem === undefined;
  if (json) writeJson(context.stdout, "log-verify", { ok, ...found });
  else context.stdout.write(renderVerification(found));
  return ok ? 0 : EXIT_CODES["changed-since-review"];
}

async function replay(
  context: CliContext,
  controller: Controller,
  options: LogOptions,
): Promise<number> {
  const session = await chooseSession(context, controller, options.replay);
  if (session === undefined) throw new SandboxError("usage", "--replay: of which session?");
  const { replayLog } = await import("../../controller/replay-log.js");
  const report = await replayLog(controller, session);
  if (options.json === true) writeJson(context.stdout, "log-replay", toReplayObject(report));
  else context.stdout.write(renderReplay(report));
  return report.agrees ? 0 : EXIT_CODES["changed-since-review"];
}

async function print(
  context: CliContext,
  { store }: Controller,
  asked: Pick<LogOptions, "json" | "follow"> & Parameters<typeof selectRecords>[1],
): Promise<void> {
  const { json, follow } = asked;
  const out = openLineWriter(context.stdout);
  const stop = new AbortController();
  using _signals = stopOn(context, stop);
  const audit = await store.openAudit();
  if (json !== true)
    await out.write(renderLogTitle({ colour: wantsColour(context, context.stdout) }));
  const toLine = json === true ? toJsonLine : renderRecord;
  let isLive = false;
  const parts = follow === true ? audit.follow(stop.signal) : audit.records();
  for await (const part of selectRecords(parts, asked)) {
    if (part === "present") isLive = true;
    else await out.write(toLine(part));
    if (isLive) await out.flush();
    if (stop.signal.aborted) return;
  }
  await out.flush();
}

function toJsonLine(record: AuditRecord): string {
  return JSON.stringify({ schema: "log/1", ...record });
}

/** Interrupted, or nobody reads any more. */
function stopOn(context: CliContext, stop: AbortController): Disposable {
  const abort = (): void => stop.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, abort);
  context.stdout.on("close", abort);
  return {
    [Symbol.dispose]: () => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, abort);
      context.stdout.off("close", abort);
    },
  };
}
