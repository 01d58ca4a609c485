import type { IncomingMessage } from "node:http";
import { renderPlace } from "../core/render-place.js";
import { toReason } from "./connect.js";
import { findOtherRequest } from "./find-other-request.js";
import type { GatewayContext } from "./gateway-context.js";
import { DialError, type HttpConnection, type PooledRequest } from "./http-connection.js";
import type { Ending } from "./ending.js";
import type { OpenSend } from "./open-send.js";
import { isInspected, openUpstream, toPlainProxy } from "./open-upstream.js";
import type { Target } from "./parse-target.js";
import { toRequestHeaders } from "./pass-headers.js";
import { openPlacement, type Placement } from "./place-secrets.js";

/** An allowed request, as far as what is sent on depends on it. */
export interface AllowedRequest {
  readonly request: IncomingMessage;
  readonly target: Target;
  readonly sent: OpenSend;
  /** Nobody waits for the answer any more. */
  readonly gone: AbortSignal;
}

/** What `http.request` is to send for a request, with the secrets that it may have. */
export interface PreparedRequest {
  readonly options: PooledRequest;
  readonly placement: Placement | undefined;
}

export function toPooledRequest(
  context: GatewayContext,
  connection: HttpConnection,
  { request, target, sent, gone }: AllowedRequest,
): PreparedRequest {
  const { method = "", rawHeaders } = request;
  const { mayBePrivate } = sent.verdict;
  const place = renderPlace(target.host, target.port);
  const proxy = toPlainProxy(context, connection.entry, target);
  const isTls = isInspected(connection.entry);
  const placement = openPlacement(context.secrets, {
    ...{ ...target, method, isTls },
    isAmbiguous: findOtherRequest(rawHeaders) !== undefined,
  });
  placement?.path(target.path);
  const path = `${target.path}${placement?.query(target.query) ?? target.query}`;
  const passed = toRequestHeaders({ method, rawHeaders }, target.hostHeader);
  const headers = placement?.headers(passed) ?? passed;
  if (proxy?.authorization !== undefined) headers.push("Proxy-Authorization", proxy.authorization);
  const options: PooledRequest = {
    method,
    path: proxy === undefined ? path : `http://${place}${path}`,
    headers,
    agent: connection.upstreams,
    maxHeaderSize: 65_536,
    insecureHTTPParser: false,
    poolKey: `${place} ${mayBePrivate}`,
    openUpstream: () => openUpstream(context, connection, { ...target, mayBePrivate, proxy, gone }),
  };
  return { options, placement };
}

const NONE: ReadonlySet<string> = new Set();

/** For the log: names, never values. */
export function toSecretFacts(
  placement: Placement | undefined,
): Pick<Ending, "secrets" | "misplaced"> {
  const { used = NONE, misplaced = NONE } = placement ?? {};
  return {
    ...(used.size === 0 ? {} : { secrets: [...used] }),
    ...(misplaced.size === 0 ? {} : { misplaced: [...misplaced] }),
  };
}

/** How a send ended whose request threw. */
export function toFailure(error: unknown, gone: AbortSignal): Ending & { readonly reason: string } {
  if (gone.aborted) return { end: "failed", reason: "the client has gone away" };
  const isRefused = error instanceof DialError && error.outcome === "refused";
  return { end: isRefused ? "refused" : "failed", reason: toReason(error) };
}
