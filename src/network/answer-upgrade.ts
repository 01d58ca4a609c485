import {
  type IncomingMessage,
  request as openRequest,
  type RequestOptions,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { decideRequest } from "./decide-request.js";
import type { GatewayContext } from "./gateway-context.js";
import type { HttpConnection, PooledRequest } from "./http-connection.js";
import { type JoinOptions, joinStreams } from "./join-streams.js";
import type { Ending } from "./ending.js";
import { toPassedHeaders } from "./pass-headers.js";
import {
  type AllowedRequest,
  toFailure,
  toPooledRequest,
  toSecretFacts,
} from "./to-pooled-request.js";
import { watchClient } from "./watch-client.js";
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
  watch[Symbol.dispose]();
  await switchProtocols(context, connection, { request, ...decided });
}

/** The request once more, without the wish. What follows it in the stream are its body and the next requests. */
function toPlainHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    if (!/^(?:upgrade|connection|http2-settings)$/i.test(rawHeaders[at] ?? ""))
      lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

type Allowed = Omit<AllowedRequest, "gone">;

async function switchProtocols(
  context: GatewayContext,
  connection: HttpConnection,
  allowed: Allowed,
): Promise<void> {
  const { client, upstreams } = connection;
  const { sent } = allowed;
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  client.once("close", leave);
  const prepared = toPooledRequest(context, connection, { ...allowed, gone: leaving.signal });
  const { options } = prepared;
  const facts = toSecretFacts(prepared.placement);
  try {
    const socket = await options.openUpstream();
    socket.allowHalfOpen = true;
    const address = upstreams.addresses.get(socket);
    const answer = await askToSwitch(options, socket);
    const ending =
      "upgraded" in answer
        ? await passProtocol(context, client, { ...answer, gate: sent.verdict.gate })
        : await passAnswer(allowed.request, client, answer.refused);
    sent.end({ ...ending, ...facts, ...(address === undefined ? {} : { address }) });
  } catch (error) {
    const failure = toFailure(error, leaving.signal);
    sent.end({ ...failure, ...facts });
    writeRefusal(client, { status: failure.end === "refused" ? 403 : 502, reason: failure.reason });
  } finally {
    client.off("close", leave);
  }
}

type SwitchAnswer =
  | { readonly upgraded: IncomingMessage; readonly stream: Duplex }
  | { readonly refused: IncomingMessage };

function askToSwitch(options: PooledRequest, socket: Duplex): Promise<SwitchAnswer> {
  const { agent: _pool, headers, ...rest } = options;
  return new Promise((resolve, reject) => {
    const passed = Array.isArray(headers) ? headers : [];
    const upstream = openRequest({
      ...rest,
      headers: [...passed, "Connection", "Upgrade", "Upgrade", "websocket"],
      createConnection: () => socket,
    } as RequestOptions);
    upstream.once("error", reject);
    upstream.once("response", (refused: IncomingMessage) => resolve({ refused }));
    upstream.once("upgrade", (upgraded: IncomingMessage, stream: Duplex, head: Buffer) => {
      if (head.length > 0) stream.unshift(head);
      resolve({ upgraded, stream });
    });
    upstream.end();
  });
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
  client: Duplex,
  answer: IncomingMessage,
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
  let bytesIn = 0;
  answer.on("data", (chunk: Buffer) => {
    bytesIn += chunk.length;
  });
  await pipeline(answer, response);
  client.end();
  client.resume();
  return { end: "done", status: answer.statusCode ?? 0, bytesOut: 0, bytesIn };
}
