import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ByteGate } from "../core/send.js";
import { askToSwitch, type SwitchAnswer } from "./ask-to-switch.js";
import { decideRequest } from "./decide-request.js";
import type { GatewayContext } from "./gateway-context.js";
import { DialError, type HttpConnection, type PooledRequest } from "./http-connection.js";
import { type JoinOptions, joinStreams } from "./join-streams.js";
import { meterRequest, type RequestMeter } from "./meter-request.js";
import type { Ending } from "./ending.js";
import { toPassedHeaders } from "./pass-headers.js";
import {
  type AllowedRequest,
  toFailure,
  toPooledRequest,
  toSecretFacts,
} from "./to-pooled-request.js";
import { type ClientWatch, watchClient } from "./watch-client.js";
import { writeRefusal } from "./write-refusal.js";

/**
 * Answers a request that wants another protocol on its connection. That is WebSocket (RFC 6455); whoever wants another (HTTP/2) is answered
 * as though it had not asked, as RFC 9110, 7.8 has it.
 */
export async function answerUpgrade(
  context: GatewayContext,
  connection: HttpConnection,
  request: IncomingMessage,
): Promise<void> {
  const { client, entry } = connection;
  if (request.headers.upgrade?.toLowerCase() !== "websocket") {
    client.unshift(toPlainHead(request));
    return context.serveHttp(client, entry);
  }
  using watch = watchClient(client);
  const decided = await decideRequest(context, entry, { request, gone: watch.gone });
  if (decided.outcome === "refused") return writeRefusal(client, decided.refusal);
  await switchProtocols(context, connection, { request, ...decided, watch });
}

/** The request once more, without the wish. What follows it in the stream are its body and the next requests. */
function toPlainHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    if (!/^(?:upgrade|connection|http2-settings)$/i.test(rawHeaders[at] ?? ""))
      lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

async function switchProtocols(
  context: GatewayContext,
  connection: HttpConnection,
  { watch, ...decided }: Omit<AllowedRequest, "gone"> & { readonly watch: ClientWatch },
): Promise<void> {
  const { client, upstreams } = connection;
  const { gone } = watch;
  const { request, sent } = decided;
  const { gate } = sent.verdict;
  const { options, placement } = toPooledRequest(context, connection, { ...decided, gone });
  let socket: Duplex | undefined;
  let meter: RequestMeter | undefined;
  const facts = (): Partial<Ending> => ({ ...meter?.read(), ...toSecretFacts(placement) });
  try {
    await passHead(options, gate, gone);
    socket = await options.openUpstream();
    (socket as Socket).allowHalfOpen = true;
    const answer = await askToSwitch(options, {
      ...{ socket, gone, idleMs: context.limits.idleMs },
      onRequest: (upstream) => {
        meter = meterRequest(upstream, upstreams);
      },
    });
    let ending: Ending;
    if ("upgraded" in answer) {
      watch[Symbol.dispose]();
      ending = await passProtocol(context, client, { ...answer, gate });
    } else ending = await passAnswer(request, { client, gone, answer: answer.refused });
    sent.end({ ...ending, ...facts() });
  } catch (error) {
    const failure = toFailure(error, gone);
    sent.end({ ...failure, ...facts() });
    writeRefusal(client, { status: failure.end === "refused" ? 403 : 502, reason: failure.reason });
  } finally {
    socket?.destroy();
  }
}

/** A head may be long: it waits, as all bytes do that have a gate. */
async function passHead(
  { path = "", headers }: PooledRequest,
  gate: ByteGate | undefined,
  gone: AbortSignal,
): Promise<void> {
  const fields: readonly string[] = Array.isArray(headers) ? headers : [];
  const reason = await gate?.(Buffer.byteLength([path, ...fields].join(": "), "latin1"), gone);
  if (reason !== undefined) throw new DialError({ outcome: "refused", reason });
}

type GateOption = Pick<JoinOptions, "gate">;

async function passProtocol(
  { limits }: GatewayContext,
  client: Duplex,
  { upgraded, stream, gate }: Extract<SwitchAnswer, { readonly stream: Duplex }> & GateOption,
): Promise<Ending> {
  const headers = toPassedHeaders(upgraded.rawHeaders);
  const lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket"];
  for (let at = 0; at + 1 < headers.length; at += 2)
    lines.push(`${headers[at]}: ${headers[at + 1]}`);
  client.write(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
  const joined = await joinStreams(client, stream, { idleMs: limits.idleMs, gate });
  return { end: joined.reason === undefined ? "done" : "failed", status: 101, ...joined };
}

/** The server does not switch: its answer is the last on this connection. */
async function passAnswer(
  request: IncomingMessage,
  {
    client,
    gone,
    answer,
  }: {
    readonly client: Duplex;
    readonly gone: AbortSignal;
    readonly answer: IncomingMessage;
  },
): Promise<Ending> {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.sendDate = false;
  response.assignSocket(client as Socket);
  response.writeHead(
    answer.statusCode ?? 502,
    answer.statusMessage,
    toPassedHeaders(answer.rawHeaders),
  );
  await pipeline(answer, response, { signal: gone });
  client.end();
  client.resume();
  return { end: "done", status: answer.statusCode ?? 0 };
}
