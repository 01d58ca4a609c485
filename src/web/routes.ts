import type { TokenRole } from "../controller/service/read-tokens.js";
import { toNotOwn } from "../controller/queue/draft-action.js";
import { SandboxError } from "../core/error.js";
import { parseSessionId } from "../core/ids.js";
import type { Answer, Asked } from "./asked.js";
import type { Caller } from "./guard-request.js";
import { hideActionValues, hideSessionValues } from "./hide-values.js";
import { readJson } from "./read-json.js";
import {
  answerSchema,
  parseBody,
  submitSchema,
  toActionId,
  toApprovalId,
} from "./request-schema.js";
import { streamEvents } from "./stream-events.js";

/** One of the service's addresses. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: RegExp;
  /** Whoever has none of these roles is refused; absent: everybody who is known. */
  readonly role?: TokenRole;
  readonly answer: (asked: Asked) => Promise<Answer> | Answer;
}

/** All of them. Every id is checked, every body parsed, before anything is done. */
export const ROUTES: readonly Route[] = [
  { method: "GET", path: /^\/metrics$/, answer: ({ service }) => ({ text: service.metrics() }) },
  { method: "GET", path: /^\/v1\/actions$/, answer: listActions },
  { method: "POST", path: /^\/v1\/actions$/, role: "submit", answer: submitAction },
  { method: "GET", path: /^\/v1\/actions\/([^/]+)$/, answer: readAction },
  { method: "DELETE", path: /^\/v1\/actions\/([^/]+)$/, role: "submit", answer: cancelAction },
  { method: "GET", path: /^\/v1\/sessions$/, answer: listSessions },
  { method: "GET", path: /^\/v1\/sessions\/([^/]+)$/, answer: readSession },
  { method: "GET", path: /^\/v1\/approvals$/, answer: listApprovals },
  { method: "GET", path: /^\/v1\/approvals\/([^/]+)$/, answer: readApproval },
  {
    method: "POST",
    path: /^\/v1\/approvals\/([^/]+)\/answer$/,
    role: "review",
    answer: giveAnswer,
  },
  { method: "GET", path: /^\/v1\/events$/, answer: streamEvents },
];

async function submitAction({ service, caller, request }: Asked): Promise<Answer> {
  const { request: action, priority, deadline } = parseBody(submitSchema, await readJson(request));
  const asked = { request: action, submitter: toSubmitter(caller), priority, deadline };
  const record = await service.submit({ ...asked, isOwnOnly: caller.role === "submit" });
  return { status: 202, body: { schema: "action/1", ...hideActionValues(record) } };
}

function listActions({ service, query }: Asked): Answer {
  return ok({
    schema: "queue/1",
    actions: service.listActions({ all: query.get("all") === "true" }).map(hideActionValues),
  });
}

async function readAction({ service, query, id, openGone }: Asked): Promise<Answer> {
  const action = toActionId(id);
  const record =
    query.get("wait") === "true"
      ? await service.waitAction(action, openGone())
      : service.readAction(action);
  return ok({ schema: "action/1", ...hideActionValues(record) });
}

/** Whose actions and sessions they are. */
function toSubmitter({ by }: Caller): string {
  return by.kind === "user" ? `user:${by.uid}` : `token:${by.name}`;
}

function cancelAction({ service, caller, id }: Asked): Answer {
  const action = toActionId(id);
  const { submitter } = service.readAction(action);
  if (caller.role === "submit" && submitter !== toSubmitter(caller)) throw toNotOwn(action);
  const isCancelled = service.cancel(action);
  const record = service.readAction(action);
  if (isCancelled)
    return { status: 202, body: { schema: "action/1", ...hideActionValues(record) } };
  const why =
    record.result === undefined
      ? "writes files, which takes no time and is not cut short"
      : `has ended (${record.state}): there is nothing to cancel`;
  return { status: 409, body: { error: { code: "usage", message: `${action} ${why}` } } };
}

async function listSessions({ service }: Asked): Promise<Answer> {
  const sessions = await service.listSessions();
  return ok({
    schema: "ls/1",
    sessions: sessions.map(({ session, name, state, command, workspaces, startedAt, digest }) => ({
      ...{ session, name, state, command, workspaces, startedAt, digest },
    })),
  });
}

async function readSession({ service, id }: Asked): Promise<Answer> {
  const session = parseSessionId(id);
  if (session === undefined) throw new SandboxError("not-found", "no such session");
  return ok(hideSessionValues(await service.readSession(session)));
}

async function listApprovals({ service, query }: Asked): Promise<Answer> {
  const approvals = await service.listApprovals({ all: query.get("all") === "true" });
  return ok({ schema: "approvals/1", approvals: approvals.map(({ preview: _, ...one }) => one) });
}

function readApproval({ service, id }: Asked): Answer {
  return ok({ schema: "approval/1", ...service.readApproval(toApprovalId(id)) });
}

async function giveAnswer({ service, caller, request, id }: Asked): Promise<Answer> {
  const approval = toApprovalId(id);
  const { answer, digest, note } = parseBody(answerSchema, await readJson(request));
  const given = { answer, digest, by: caller.by, ...(note === undefined ? {} : { note }) };
  return ok({ schema: "approval/1", ...service.answer(approval, given) });
}

function ok(body: object): Answer {
  return { status: 200, body };
}
