import { type ClientRequest, type IncomingMessage, request as openRequest } from "node:http";
import type { Socket } from "node:net";
import type { Readable, Transform } from "node:stream";
import type { Exchange } from "./exchange.js";
import type { GatewayContext } from "./gateway-context.js";
import { DialError, type HttpConnection } from "./http-connection.js";
import { meterRequest, type RequestMeter } from "./meter-request.js";
import type { Ending } from "./ending.js";
import { limitInterim } from "./limit-interim.js";
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
  const first = await forwardOnce(context, connection, forwarding);
  // A server may close a connection that was kept just as the next request comes: nothing of it was answered.
  const ending = first.isStale
    ? toWhole(first, await forwardOnce(context, connection, forwarding))
    : first.ending;
  sent.end(ending);
  const { end, reason = "it failed" } = ending;
  if (end !== "done") refuse(exchange, { status: end === "refused" ? 403 : 502, reason });
}

interface Attempt {
  readonly ending: Ending;
  /** Its kept connection was closed, and it may be made once more. */
  readonly isStale: boolean;
}

/** What the first attempt sent has left too. */
function toWhole({ ending: first }: Attempt, { ending }: Attempt): Ending {
  return {
    ...ending,
    bytesOut: (first.bytesOut ?? 0) + (ending.bytesOut ?? 0),
    bytesIn: (first.bytesIn ?? 0) + (ending.bytesIn ?? 0),
  };
}

async function forwardOnce(
  context: GatewayContext,
  connection: HttpConnection,
  forwarding: Forwarding,
): Promise<Attempt> {
  const { exchange, gone } = forwarding;
  if (gone.aborted) return toFailed("the client has gone away");
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
    return {
      ending: { end: "done", ...facts(), status: answer.statusCode ?? 0 },
      isStale: false,
    };
  } catch (error) {
    const known = facts();
    const isUnheard = upstream?.reusedSocket === true && (known.bytesIn ?? 0) === 0;
    if (isUnheard && isRepeatable(exchange) && !gone.aborted)
      return toFailed("the server closed the connection", { known, isStale: true });
    return { ending: { ...toFailure(error, gone), ...known }, isStale: false };
  } finally {
    gone.removeEventListener("abort", leave);
    gated?.destroy();
  }
}

function toFailed(
  reason: string,
  { known = {}, isStale = false }: { known?: Partial<Ending>; isStale?: boolean } = {},
): Attempt {
  return { ending: { ...known, end: "failed", reason }, isStale };
}

/** The head of the answer, while the body of the request goes out. */
function exchangeHeads(
  upstream: ClientRequest,
  { request, response }: Exchange,
  body: Readable,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const unasked = new Error("an upgrade that nobody asked for");
    upstream.on("error", reject);
    upstream.once("response", (answer) => {
      if (answer.statusCode === 101) upstream.destroy(unasked);
      // It may come in one read with what it failed for.
      else if (!upstream.destroyed) resolve(answer);
    });
    // Its socket is nobody's now: neither the request nor the pool closes it.
    upstream.once("upgrade", (_answer, socket: Socket) => {
      socket.destroy();
      reject(unasked);
    });
    limitInterim(upstream);
    if (request.headers.expect !== undefined) {
      upstream.once("continue", () => response.writeContinue());
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
