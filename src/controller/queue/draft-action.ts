import type { ActionDraft, ActionRequest } from "../../core/action.js";
import { assertNever } from "../../core/assert-never.js";
import { SandboxError } from "../../core/error.js";
import { parseActionRequest } from "../../store/ledger/action-row.js";
import type { Store } from "../../store/open-store.js";

/** What somebody asks for, before any of it is believed. */
export interface AskedAction {
  readonly request: unknown;
  readonly submitter: string;
  /** Only for what the same submitter began: its own sessions, and commits of them. */
  readonly isOwnOnly?: boolean;
  readonly priority?: number | undefined;
  readonly deadline?: string | undefined;
}

/**
 * The draft of what was asked for: references resolved (an id, a prefix, a name, `latest` as seen from its `cwd`), and what it writes to.
 * Throws `usage`, `not-found`, and `denied` for what somebody else began where only its own is its to touch.
 */
export async function draftAction(store: Store, asked: AskedAction): Promise<ActionDraft> {
  const request = parseActionRequest(await resolveReferences(store, asked.request));
  const { submitter, priority = 0, deadline } = asked;
  if (asked.isOwnOnly === true) await refuseOthers(store, request, submitter);
  if (deadline !== undefined && !(Date.parse(deadline) > Date.now()))
    throw new SandboxError("usage", "a deadline that has passed");
  return {
    ...{ request, submitter, priority },
    keys: await toKeys(store, request),
    ...(deadline === undefined ? {} : { deadline: new Date(deadline).toISOString() }),
  };
}

/** What a session of before there were submitters, or one that is gone, belongs to nobody who asks here. */
async function refuseOthers(
  store: Store,
  request: ActionRequest,
  submitter: string,
): Promise<void> {
  if (request.kind === "run") return;
  const session =
    request.kind === "rollback"
      ? (await store.readCommit(request.commit)).session
      : request.session;
  const { submitter: owner } = await store.readSession(session);
  if (owner !== submitter) throw toNotOwn(session);
}

/** The error for what somebody else began. */
export function toNotOwn(id: string): SandboxError {
  return new SandboxError("denied", `${id} was begun by somebody else`, {
    hint: "a token with the role submit is for what it began; one with the role all may",
  });
}

async function resolveReferences(store: Store, request: unknown): Promise<unknown> {
  if (typeof request !== "object" || request === null || !("cwd" in request)) return request;
  const { cwd } = request;
  if (typeof cwd !== "string") return request;
  const how = { cwd, purpose: "change", isTerminal: false } as const;
  if ("session" in request && typeof request.session === "string") {
    const { record } = await store.resolveSession(request.session, how);
    return { ...request, session: record.session };
  }
  if ("commit" in request && "kind" in request && request.kind === "rollback") {
    const { record } = await store.resolveCommit(String(request.commit), how);
    return { ...request, commit: record.commit };
  }
  return request;
}

/** A run writes to nothing that is there; a task on a session's layers only to these. */
async function toKeys(store: Store, request: ActionRequest): Promise<readonly string[]> {
  switch (request.kind) {
    case "run":
      return [];
    case "exec":
      return [request.session];
    case "commit":
    case "discard":
      return [request.session, ...(await store.readSession(request.session)).workspaces];
    case "rollback": {
      const { session, workspaces } = await store.readCommit(request.commit);
      return [session, ...workspaces];
    }
    default:
      return assertNever(request);
  }
}
