import type { IncomingMessage } from "node:http";
import { toReason } from "./connect.js";
import type { GatewayContext } from "./gateway-context.js";
import { DialError, type HttpConnection, type PooledRequest } from "./http-connection.js";
import type { Ending } from "./ending.js";
import type { OpenSend } from "./open-send.js";
import { openUpstream, toPlainProxy } from "./open-upstream.js";
import type { Target } from "./parse-target.js";
import { toRequestHeaders } from "./pass-headers.js";
import { showPlace } from "./show-host.js";

/** An allowed request, as far as what is sent on depends on it. */
export interface AllowedRequest {
  readonly request: IncomingMessage;
  readonly target: Target;
  readonly sent: OpenSend;
  /** Nobody waits for the answer any more. */
  readonly gone: AbortSignal;
}

/** What `http.request` is to send for a request. */
export function toPooledRequest(
  context: GatewayContext,
  connection: HttpConnection,
  { request, target, sent, gone }: AllowedRequest,
): PooledRequest {
  const { method = "", rawHeaders } = request;
  const { mayBePrivate } = sent.verdict;
  const proxy = toPlainProxy(context, connection.entry, target);
  const path = `${target.path}${target.query}`;
  const headers = toRequestHeaders({ method, rawHeaders }, target.hostHeader);
  if (proxy?.authorization !== undefined) headers.push("Proxy-Authorization", proxy.authorization);
  return {
    method,
    path: proxy === undefined ? path : `http://${showPlace(target)}${path}`,
    headers,
    agent: connection.upstreams,
    maxHeaderSize: 65_536,
    insecureHTTPParser: false,
    poolKey: `${showPlace(target)} ${mayBePrivate}`,
    openUpstream: () => openUpstream(context, connection, { ...target, mayBePrivate, gone }),
  };
}

/** How a send ended whose request threw. */
export function toFailure(error: unknown, gone: AbortSignal): Ending & { readonly reason: string } {
  if (gone.aborted) return { end: "failed", reason: "the client has gone away" };
  const isRefused = error instanceof DialError && error.outcome === "refused";
  return { end: isRefused ? "refused" : "failed", reason: toReason(error) };
}
