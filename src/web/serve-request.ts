import type { IncomingMessage, ServerResponse } from "node:http";
import type { Service } from "../controller/service/open-service.js";
import type { Answer } from "./asked.js";
import { isSandboxError } from "../core/error.js";
import { type Gate, guardRequest, isRefusal } from "./guard-request.js";
import { HTTP_STATUS } from "./http-status.js";
import { ROUTES } from "./routes.js";
import type { ConnectionShare } from "./share-connections.js";

/** What is served, and to whom. */
export interface Serving {
  readonly service: Service;
  readonly gate: Gate;
  readonly share: ConnectionShare;
  /** Aborts when the service ends: who waits is let go. */
  readonly ending: AbortSignal;
}

/** Serves one request. Never rejects. */
export async function serveRequest(
  serving: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const answer = await answerRequest(serving, request, response);
    if (answer !== undefined) send(response, answer);
  } catch (error) {
    if (response.headersSent || response.destroyed) response.destroy();
    else sendError(response, error, serving);
  }
}

async function answerRequest(
  { service, gate, share, ending }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer> {
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://localhost");
  const isHealth = pathname === "/healthz" && request.method === "GET";
  const caller = guardRequest(request, gate);
  // Whether it lives is nobody's secret.
  if (isHealth && (!isRefusal(caller) || caller.status === 401))
    return { status: 200, body: { ok: true } };
  if (isRefusal(caller)) return refuse(caller.status, caller.message);
  share.serve(request.socket, response, caller.by.name);
  const there = ROUTES.filter(({ path }) => path.test(pathname));
  const route = there.find(({ method }) => method === request.method);
  if (route === undefined)
    return there.length > 0 ? refuse(405, "not in this way") : refuse(404, "there is nothing here");
  if (route.role !== undefined && caller.role !== "all" && caller.role !== route.role)
    return refuse(403, `this token is not for that: it is for ${caller.role}`);
  const [, id = ""] = route.path.exec(pathname) ?? [];
  return await route.answer({
    ...{ service, caller, request, response, query, id },
    openGone: () => {
      const gone = new AbortController();
      response.once("close", () => gone.abort(new Error("the other side has gone")));
      return AbortSignal.any([gone.signal, ending]);
    },
  });
}

function refuse(status: number, message: string): Answer {
  return { status, body: { error: { code: status === 404 ? "not-found" : "denied", message } } };
}

function send(response: ServerResponse, answer: Exclude<Answer, undefined>): void {
  const [status, type, text] =
    "text" in answer
      ? [200, "text/plain; version=0.0.4; charset=utf-8", answer.text]
      : [answer.status, "application/json", `${JSON.stringify(answer.body)}\n`];
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    // What was not read of a body is not taken for the next request.
    ...(status >= 400 ? { connection: "close" } : {}),
  });
  response.end(text);
}

function sendError(response: ServerResponse, error: unknown, { service, ending }: Serving): void {
  const message = error instanceof Error ? error.message : String(error);
  if (isSandboxError(error)) {
    const { code, hint, list } = error;
    const more = {
      ...(hint === undefined ? {} : { hint }),
      ...(list.length === 0 ? {} : { list }),
    };
    const body = { error: { code, message, ...more } };
    send(response, { status: HTTP_STATUS[code], body });
    return;
  }
  if (!ending.aborted) service.log.error("a request failed", { error: message });
  send(response, {
    status: ending.aborted ? 503 : 500,
    body: { error: { code: "unexpected", message: "it failed; see the service's log" } },
  });
}
