import { type ClientRequest, type IncomingMessage, request as openRequest } from "node:http";
import type { Readable, Transform } from "node:stream";
import type { Exchange } from "./exchange.js";
import type { GatewayContext } from "./gateway-context.js";
import { DialError, type HttpConnection } from "./http-connection.js";
import { meterRequest, type RequestMeter } from "./meter-request.js";
import type { Ending } from "./ending.js";
import { openByteGate } from "./open-byte-gate.js";
import type { OpenSend } from "./open-send.js";
import type { Target } from "./parse-target.js";
import { passAnswer } from "./pass-answer.js";
import { refuse } from "./refuse.js";
import { toBody } from "./to-body.js";
import { toFailure, toPooledRequest, toSecretFacts } from "./to-pooled-request.js";

/** An allowed request. */
export interface Forwarding {
  readonly exchange: Exchange;
  readonly target: Target;
  readonly sent: OpenSend;
  /** The client has gone, or has its answer. */
  readonly gone: AbortSignal;
}

/** Sends a request on, and its answer back. */
export async function forwardRequest(
  context: GatewayContext,
  connection: HttpConnection,
  forwarding: Forwarding,
): Promise<void> {
  const { exchange, sent } = forwarding;
  let ending = await forwardOnce(context, connection, forwarding);
  // A server may close a connection that was kept just as the next request comes: nothing of it was answered.
  if (ending === "stale") ending = await forwardOnce(context, connection, forwarding);
  if (ending === "stale") ending = { end: "failed", reason: "the server closed the connection" };
  sent.end(ending);
  const { end, reason = "it failed" } = ending;
  if (end !== "done") refuse(exchange, { status: end === "refused" ? 403 : 502, reason });
}

async function forwardOnce(
  context: GatewayContext,
  connection: HttpConnection,
  forwarding: Forwarding,
): Promise<Ending | "stale"> {
  const { exchange, gone } = forwarding;
  if (gone.aborted) return { end: "failed", reason: "the client has gone away" };
  const prepared = toPooledRequest(context, connection, {
    ...forwarding,
    request: exchange.request,
  });
  let meter: RequestMeter | undefined;
  let upstream: ClientRequest | undefined;
  const leave = (): void => {
    upstream?.destroy();
    gated?.destroy();
  };
  gone.addEventListener("abort", leave, { once: true });
  const facts = (): Partial<Ending> => ({
    ...meter?.read(),
    ...toSecretFacts(prepared.placement),
  });
  const { gate } = forwarding.sent.verdict;
  let gated: Transform | undefined;
  const throughGate = (stream: Readable, to: ClientRequest): Readable => {
    if (gate === undefined) return stream;
    gated = openByteGate(gate, (reason) =>
      to.destroy(new DialError({ outcome: "refused", reason })),
    );
    return stream.pipe(gated);
  };
  try {
    const body = await toBody(exchange.request, prepared);
    upstream = openRequest(body.options);
    meter = meterRequest(upstream, connection.upstreams);
    const answer = await exchangeHeads(upstream, exchange, throughGate(body.stream, upstream));
    const { client, upstreams } = connection;
    const tap = upstreams.taps.get(answer.socket);
    await passAnswer({ upstream, answer, tap, client }, exchange);
    return { end: "done", ...facts(), status: answer.statusCode ?? 0 };
  } catch (error) {
    if (upstream?.reusedSocket && isRepeatable(exchange) && !gone.aborted) return "stale";
    return { ...toFailure(error, gone), ...facts() };
  } finally {
    gone.removeEventListener("abort", leave);
    gated?.destroy();
  }
}

/** The head of the answer, while the body of the request goes out. */
function exchangeHeads(
  upstream: ClientRequest,
  { request, response }: Exchange,
  body: Readable,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    upstream.once("response", resolve).on("error", reject);
    upstream.once("upgrade", () => reject(new Error("an upgrade that nobody asked for")));
    if (request.headers.expect !== undefined) {
      upstream.on("continue", () => response.writeContinue());
      upstream.flushHeaders();
    }
    request.once("error", (error) => upstream.destroy(error));
    body.pipe(upstream);
  });
}

function isRepeatable({ request, response }: Exchange): boolean {
  const isSafe = ["GET", "HEAD", "OPTIONS"].includes(request.method ?? "");
  const length = request.headers["content-length"] ?? "0";
  const isBare = length === "0" && request.headers["transfer-encoding"] === undefined;
  return isSafe && isBare && !response.headersSent;
}
