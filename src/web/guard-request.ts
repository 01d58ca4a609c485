import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Reviewer } from "../core/approval.js";
import type { Token, TokenRole } from "../controller/service/read-tokens.js";

/** Who asks, and what they may. */
export interface Caller {
  readonly by: Reviewer;
  readonly role: TokenRole;
}

/** Why a request is not served. */
export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly message: string;
}

/** How requests of one listener are judged. */
export interface Gate {
  /** What may stand in `Host`, in lower case: a page of another origin that was made to resolve to us (DNS rebinding) names its own. */
  readonly hosts: ReadonlySet<string>;
  /** Who is at the other end; undefined where nobody is known by the connection. */
  readonly callerOf: (request: IncomingMessage) => Caller | undefined;
}

/** Who makes `request`, or why it is not served. Nothing a browser sends on behalf of a page is: there is no page of ours. */
export function guardRequest(request: IncomingMessage, gate: Gate): Caller | Refusal {
  const { host = "", origin } = request.headers;
  if (!gate.hosts.has(host.toLowerCase()))
    return { status: 421, message: "this service has another name: see the Host header" };
  if (origin !== undefined || request.headers["sec-fetch-site"] !== undefined)
    return { status: 403, message: "requests of web pages are not served" };
  return (
    gate.callerOf(request) ?? {
      status: 401,
      message: "a bearer token is needed, one of the service's token file",
    }
  );
}

export function isRefusal(value: Caller | Refusal): value is Refusal {
  return "status" in value;
}

/** Finds callers by `Authorization: Bearer TOKEN` (RFC 6750), in a time that does not depend on what was sent. */
export function byToken(tokens: readonly Token[]): Gate["callerOf"] {
  const known = tokens.map((token) => ({ token, hash: toHash(token.secret) }));
  return (request) => {
    const [, sent = ""] =
      /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? "") ?? [];
    const hash = toHash(sent);
    const fits = known.map((one) => timingSafeEqual(one.hash, hash));
    const found = known[fits.indexOf(true)]?.token;
    return found && { by: { kind: "token", name: found.name }, role: found.role };
  };
}

function toHash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
