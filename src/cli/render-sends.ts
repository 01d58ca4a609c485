import type { LoggedSend, LoggedSends } from "../controller/network/list-sends.js";
import { formatBytes, formatCount, formatDuration } from "../review/format-units.js";
import { neutralise } from "../review/neutralise.js";
import { renderTable } from "../review/render-table.js";
import { renderPlace } from "../core/render-place.js";

const COLUMNS = [
  { title: "TIME" },
  { title: "TO" },
  { title: "REQUEST" },
  { title: "RESULT" },
  { title: "OUT", align: "right" },
  { title: "IN", align: "right" },
  { title: "TOOK", align: "right" },
  { title: "WHY" },
] as const;

/** What a task sent, a line each, or why it could send nothing; below it the names that were looked up in vain. */
export function renderSends(
  { sends, refusedLookups, refusedSignatures }: LoggedSends,
  o: { readonly colour: boolean; readonly width?: number; readonly hadNetwork: boolean },
): string {
  const lookups = [...refusedLookups].map(
    ([name, count]) =>
      `not looked up: ${name === "" ? "(a name that is none)" : name}, ${formatCount(count, "time")}`,
  );
  const signatures = [...refusedSignatures].map(
    ([reason, count]) => `not signed: ${reason}, ${formatCount(count, "time")}`,
  );
  const nothing = o.hadNetwork
    ? "nothing was sent\n"
    : "nothing was sent: the task had no network; --allow HOST gives it one\n";
  const table = sends.length === 0 ? nothing : renderTable(COLUMNS, sends.map(toRow), o);
  return [table, ...[...lookups, ...signatures].map((line) => `${neutralise(line)}\n`)].join("");
}

function toRow(send: LoggedSend): readonly string[] {
  const { at, bytesOut, bytesIn, durationMs } = send;
  return [
    at.slice(11, 19),
    renderPlace(send.host, send.port),
    toRequest(send),
    toResult(send),
    bytesOut === undefined ? "" : formatBytes(bytesOut),
    bytesIn === undefined ? "" : formatBytes(bytesIn),
    durationMs === undefined ? "" : formatDuration(durationMs),
    toWhy(send),
  ];
}

function toRequest({ method, path, via, user, fingerprint }: LoggedSend): string {
  if (user !== undefined) return `login of ${user} with ${fingerprint ?? ""}`;
  return method === undefined ? `(${via})` : `${method} ${path ?? ""}`;
}

function toWhy({ reason, secrets = [], misplaced = [] }: LoggedSend): string {
  return [
    ...(reason === undefined ? [] : [reason]),
    ...(secrets.length === 0 ? [] : [`with ${secrets.join(", ")}`]),
    ...(misplaced.length === 0
      ? []
      : [`without ${misplaced.join(", ")}: not for this host and port, or not in this place`]),
  ].join("; ");
}

function toResult({ decision, end, status, user }: LoggedSend): string {
  if (decision !== "allow") return "denied";
  if (user !== undefined) return end ?? "signed";
  if (end === undefined) return "open";
  return status === undefined ? end : `${end} ${status}`;
}

/** As `show --network --json` writes it. */
export function toSendsObject(
  session: string,
  { sends, refusedLookups, refusedSignatures }: LoggedSends,
): object {
  return {
    session,
    sends,
    refusedLookups: [...refusedLookups].map(([name, count]) => ({ name, count })),
    refusedSignatures: [...refusedSignatures].map(([reason, count]) => ({ reason, count })),
  };
}
