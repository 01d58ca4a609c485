import type { AuditRecord, JsonValue } from "../core/audit-entry.js";
import type { Controller } from "../controller/controller.js";
import { formatCount } from "../review/format-units.js";
import { neutralise } from "../review/neutralise.js";
import { toPalette } from "../review/palette.js";

/** What `log --verify` found. */
export type LogVerification = ReturnType<
  Awaited<ReturnType<Controller["store"]["openAudit"]>>["verify"]
>;

const EVENT_WIDTH = 18;
const SUBJECT_WIDTH = 12;

/** The line above the records. */
export function renderLogTitle({ colour }: { readonly colour: boolean }): string {
  const words = [
    "TIME".padEnd(19),
    "EVENT".padEnd(EVENT_WIDTH),
    "OF".padEnd(SUBJECT_WIDTH),
    "WHAT",
  ];
  return toPalette(colour).dim(words.join("  "));
}

/** One record as one line for a person, neutralised: much of it was said by a task. */
export function renderRecord(record: AuditRecord): string {
  const { at, event, session, commit, digest, data } = record;
  const what = [
    ...(commit === undefined ? [] : [session ?? ""]),
    ...Object.entries(data ?? {}).flatMap(([key, value]) => describe(key, value)),
    ...(digest === undefined ? [] : [digest.slice(0, 19)]),
  ];
  const subject = commit ?? session ?? "";
  const time = at.slice(0, 19).replace("T", " ");
  const line = [time, event.padEnd(EVENT_WIDTH), subject.padEnd(SUBJECT_WIDTH), what.join(" ")];
  return neutralise(line.join("  ").trimEnd());
}

function describe(key: string, value: JsonValue): readonly string[] {
  if (value === null) return [];
  if (key === "command" && Array.isArray(value)) return [value.map(toWord).join(" ")];
  if (key === "changes" && Array.isArray(value)) return [formatCount(value.length, "path")];
  if (Array.isArray(value))
    return value.length === 0 ? [] : [`${key}=${value.map(toWord).join(",")}`];
  if (typeof value === "object")
    return Object.entries(value).flatMap(([inner, one]) => describe(inner, one));
  return [`${key}=${toWord(value)}`];
}

function toWord(value: JsonValue): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[\w./:@%+,=-]+$/.test(value) ? value : JSON.stringify(value);
}

/** What was found of the log, for a person. */
export function renderVerification(found: LogVerification): string {
  const { records, files, unnumbered, torn, signed, unsigned, problem } = found;
  const lines = [`${records} records in ${files} ${files === 1 ? "file" : "files"}`];
  if (unnumbered > 0) lines.push(`${unnumbered} of them of before records had numbers`);
  if (torn > 0) lines.push(`${torn} unfinished: their writers were killed, no tampering`);
  lines.push(
    signed === undefined
      ? "nothing is signed"
      : `signed up to record ${signed.seq}, ${signed.at}${unsigned > 0 ? `; ${unsigned} later ones are not yet` : ""}`,
  );
  lines.push(problem === undefined ? "ok: the log is as it was written" : renderProblem(problem));
  return lines.map((line) => `${neutralise(line)}\n`).join("");
}

function renderProblem(problem: NonNullable<LogVerification["problem"]>): string {
  const { file, line, seq, why } = problem;
  const place = `${file}${line === undefined ? "" : `:${line}`}`;
  return `NOT as it was written: ${place}${seq === undefined ? "" : `, record ${seq}`}: ${why}`;
}
