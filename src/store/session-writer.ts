import { randomBytes } from "../host/random-bytes.js";
import { mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";
import { parseSessionId, type SessionId, toSessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import { writeFileAtomic } from "../host/atomic-file.js";
import { withOwnerLock } from "../host/owner-lock.js";
import { removeTree } from "../host/remove-tree.js";
import { makeStateHome } from "./state-home.js";
import type { StoreLayout } from "./store-layout.js";

/** What `createSession` is given. */
export interface SessionDraft {
  /** Unique among live sessions. */
  readonly name?: string;
  /** Makes the record once the session has its id and its empty directory (0700). If it throws, nothing is left. */
  make(at: {
    readonly session: SessionId;
    readonly dir: string;
  }): Omit<SessionRecord, "schema" | "session" | "name">;
}

const NAME_LOCK_MS = 10_000;
const KEPT: ReadonlySet<string> = new Set(["session.json", "output.log", "output.streams"]);

/** See `Store.createSession`. Loads no parser: it is on the way of `run`. */
export function createSession(layout: StoreLayout, draft: SessionDraft): SessionRecord {
  makeStateHome(layout.home);
  mkdirSync(layout.sessions, { recursive: true, mode: 0o700 });
  const { name } = draft;
  if (name === undefined) return makeSession(layout, draft);
  const lock = path.join(layout.home, "names.lock");
  return withOwnerLock(lock, { timeoutMs: NAME_LOCK_MS }, () => {
    refuseTakenName(layout, name);
    return makeSession(layout, draft);
  });
}

/** See `Store.updateSession`. */
export function writeSession(
  layout: StoreLayout,
  record: SessionRecord,
  options: { readonly durable?: boolean } = {},
): void {
  const file = path.join(layout.sessionDir(record.session), "session.json");
  const text = `${JSON.stringify(record, undefined, 1)}\n`;
  writeFileAtomic(file, text, { sync: options.durable ?? true });
}

/** See `Store.removeSession`. */
export function removeSession(
  layout: StoreLayout,
  id: SessionId,
  options: { readonly keepRecord: boolean },
): void {
  const dir = layout.sessionDir(id);
  if (!options.keepRecord) moveAndRemove(layout, { dir, id });
  else for (const name of readdirSync(dir)) if (!KEPT.has(name)) removeTree(path.join(dir, name));
}

function makeSession(layout: StoreLayout, draft: SessionDraft): SessionRecord {
  const session = reserve(layout);
  const dir = layout.sessionDir(session);
  try {
    const made = draft.make({ session, dir });
    const named = draft.name === undefined ? {} : { name: draft.name };
    const record: SessionRecord = { schema: "session/1", session, ...named, ...made };
    writeSession(layout, record, { durable: false });
    return record;
  } catch (error) {
    removeTree(dir);
    throw error;
  }
}

function reserve(layout: StoreLayout): SessionId {
  for (;;) {
    const session = toSessionId(randomBytes(10));
    try {
      mkdirSync(layout.sessionDir(session), { mode: 0o700 });
      return session;
    } catch (error) {
      if (!hasErrno(error, "EEXIST")) throw error;
    }
  }
}

function refuseTakenName(layout: StoreLayout, name: string): void {
  for (const entry of readdirSync(layout.sessions)) {
    const id = parseSessionId(entry);
    if (id !== undefined && peekLiveName(layout, id) === name)
      throw new SandboxError("usage", `--name: the session ${id} is called ${name} already`, {
        hint: `choose another name, or first: sandbox discard ${id}`,
      });
  }
}

const LIVE: ReadonlySet<unknown> = new Set(["running", "interrupted", "pending", "partial"]);

/** The name of a live session; undefined also for one that cannot be read, which has no name to be called by. */
function peekLiveName(layout: StoreLayout, id: SessionId): unknown {
  try {
    const text = readFileSync(path.join(layout.sessionDir(id), "session.json"), "utf8");
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    if (!("name" in value) || !("state" in value)) return undefined;
    return LIVE.has(value.state) ? value.name : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || hasErrno(error, "ENOENT", "EACCES")) return undefined;
    throw error;
  }
}

/** Renamed first: killed half-way there is no session that looks whole. */
function moveAndRemove(layout: StoreLayout, at: { dir: string; id: SessionId }): void {
  const trash = path.join(layout.sessions, `.trash-${at.id}-${randomBytes(4).toString("hex")}`);
  renameSync(at.dir, trash);
  for (const name of readdirSync(layout.sessions))
    if (name.startsWith(".trash-")) removeTree(path.join(layout.sessions, name));
}
