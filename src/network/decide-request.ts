import type { IncomingMessage } from "node:http";
import type { Send } from "../core/send.js";
import { findOtherRequest } from "./find-other-request.js";
import type { GatewayContext, HttpEntry } from "./gateway-context.js";
import { type OpenSend, openSend } from "./open-send.js";
import { type ParsedTarget, parseTarget, type Target } from "./parse-target.js";
import { findFramingProblem } from "./pass-headers.js";
import type { Refusal } from "./write-refusal.js";

/** What becomes of a request. */
export type DecidedRequest =
  | { readonly outcome: "allowed"; readonly target: Target; readonly sent: OpenSend }
  | { readonly outcome: "refused"; readonly refusal: Refusal };

/** Finds whereto a request goes and has that decided. */
export async function decideRequest(
  context: GatewayContext,
  entry: HttpEntry,
  asking: { readonly request: IncomingMessage; readonly gone: AbortSignal },
): Promise<DecidedRequest> {
  const { method = "", url = "", rawHeaders } = asking.request;
  const target = parseTarget({ url, rawHeaders }, entry);
  const place = toPlace(target, entry);
  if (place === undefined) {
    const reason = "problem" in target ? target.problem : "it goes nowhere";
    context.onMalformed("http", reason);
    return { outcome: "refused", refusal: { status: 400, reason } };
  }
  const problem = "problem" in target ? target.problem : findFramingProblem(rawHeaders);
  const asked = { ...toWay(entry), ...place, method, problem };
  const sent = await openSend(context, asked, asking.gone);
  const other =
    sent.outcome === "allowed" && sent.verdict.isLimited && findOtherRequest(rawHeaders);
  if (sent.outcome === "allowed" && other) {
    const reason = `its ${other} may mean another request than the one that is allowed`;
    sent.end({ end: "refused", reason });
    return { outcome: "refused", refusal: { status: 403, reason } };
  }
  if (sent.outcome === "allowed" && !("problem" in target))
    return { outcome: "allowed", target, sent };
  const reason = sent.outcome === "refused" ? sent.reason : "it goes nowhere";
  return { outcome: "refused", refusal: { status: 403, reason } };
}

function toWay(entry: HttpEntry): Pick<Send, "via" | "within"> {
  if (entry.kind === "proxy") return { via: "http" };
  return { via: entry.via, ...(entry.tunnel === undefined ? {} : { within: entry.tunnel }) };
}

/** For the log; also of a request that could not be read, on a connection that goes to one place. */
function toPlace(
  target: ParsedTarget,
  entry: HttpEntry,
): { readonly host: string; readonly port: number; readonly path?: string } | undefined {
  if (!("problem" in target)) return { host: target.host, port: target.port, path: target.path };
  return entry.kind === "settled" ? { host: entry.host, port: entry.port } : undefined;
}
