import { existsSync } from "node:fs";
import path from "node:path";
import { SandboxError } from "../core/error.js";
import { parseSessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import { type Candidate, chooseLatest, type ResolveOptions, toAmbiguous } from "./latest.js";
import { parseReference } from "./reference.js";
import { listSessions, readSession } from "./session-reader.js";
import type { StoreLayout } from "./store-layout.js";

/** What a reference means. */
export interface Resolved<T> {
  readonly record: T;
  /** What `latest` chose, to be printed on stderr first. */
  readonly notice?: string;
}

/** Characters of a command in a list. */
const MOST_COMMAND = 60;

const LIVE: ReadonlySet<string> = new Set(["running", "interrupted", "pending", "partial"]);

/** See `Store.resolveSession`. */
export function resolveSession(
  layout: StoreLayout,
  text: string,
  options: ResolveOptions,
): Resolved<SessionRecord> {
  const reference = parseReference(text, "session");
  if (reference.kind === "latest") return resolveLatest(layout, options);
  if (reference.kind === "name") return { record: findByName(layout, text) };
  if (reference.of === "commit")
    throw new SandboxError("usage", `${text} is a commit, a session was asked for`, {
      hint: "sandbox ls lists the sessions",
    });
  const id = parseSessionId(text);
  return { record: id === undefined ? findByPrefix(layout, text) : readSession(layout, id) };
}

/** The session called `name`: the live one, else the newest that was. */
export function findNamed(layout: StoreLayout, name: string): SessionRecord | undefined {
  const named = listSessions(layout).sessions.filter((session) => session.name === name);
  return named.find(({ state }) => LIVE.has(state)) ?? named.at(-1);
}

function findByName(layout: StoreLayout, name: string): SessionRecord {
  const found = findNamed(layout, name);
  if (found !== undefined) return found;
  throw new SandboxError("not-found", `no session is called ${name}`, {
    hint: "sandbox ls lists them",
  });
}

/** True where `session` still holds something that a commit or discard could be meant for. */
export function isOpen(session: SessionRecord): boolean {
  if (session.state === "interrupted") return true;
  if (session.state !== "pending" && session.state !== "partial") return false;
  const { counts } = session;
  return counts === undefined || counts.added + counts.modified + counts.deleted > 0;
}

function findByPrefix(layout: StoreLayout, prefix: string): SessionRecord {
  const { sessions, damaged } = listSessions(layout);
  const found = sessions.filter(({ session }) => session.startsWith(prefix));
  const [first] = found;
  if (first === undefined) {
    const broken = damaged.find((file) => file.path.startsWith(`${layout.sessions}/${prefix}`));
    if (broken !== undefined)
      throw new SandboxError("damaged", `${broken.path} is damaged: ${broken.reason}`);
    throw new SandboxError("not-found", `no session ${prefix}…`, { hint: "sandbox ls lists them" });
  }
  if (found.length > 1) throw toAmbiguous(prefix, found.map(toCandidate));
  return first;
}

function resolveLatest(layout: StoreLayout, options: ResolveOptions): Resolved<SessionRecord> {
  const ended = listSessions(layout).sessions.filter(
    (one) => one.state !== "running" && one.state !== "discarded" && !isPruned(layout, one),
  );
  const chosen = chooseLatest(ended.map(toCandidate), options);
  if (chosen === undefined)
    throw new SandboxError("not-found", "there is no session that has ended", {
      hint: "sandbox ls lists them; sandbox run makes one",
    });
  return { record: chosen.record, notice: `latest: ${chosen.line}` };
}

/** A task that changed nothing, and whose layers `prune` removed: only its record is left, and nobody means that by `latest`. */
function isPruned({ sessionDir }: StoreLayout, record: SessionRecord): boolean {
  if (record.state !== "pending" || isOpen(record)) return false;
  return !existsSync(path.join(sessionDir(record.session), "changeset.json"));
}

function toCandidate(record: SessionRecord): Candidate & { readonly record: SessionRecord } {
  const { session, name, state, command, workspaces } = record;
  const at = record.endedAt ?? record.startedAt;
  const title = name === undefined ? session : `${session} (${name})`;
  const words = JSON.stringify(command.join(" ")).slice(1, -1);
  const shown = words.length > MOST_COMMAND ? `${words.slice(0, MOST_COMMAND)}…` : words;
  const line = `${title}  ${at}  ${state}  ${workspaces.join(", ")}  ${shown}`;
  return { id: session, workspaces, at, open: isOpen(record), line, record };
}
