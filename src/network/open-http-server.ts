import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { answerRequest } from "./answer-request.js";
import { answerUpgrade } from "./answer-upgrade.js";
import type { GatewayContext, HttpEntry } from "./gateway-context.js";
import { type HttpConnection, UpstreamPool } from "./http-connection.js";
import { serveConnect } from "./serve-connect.js";

/** Requests that were sent without waiting for the answers before them; nobody honest has so many. */
const MOST_WAITING = 64;
const MOST_HEADER_BYTES = 65_536;

/** Gives what serves connections on which requests of HTTP/1 come. It listens nowhere itself. */
export function openHttpServer(context: GatewayContext): GatewayContext["serveHttp"] {
  const { openingMs, idleMs } = context.limits;
  const connections = new WeakMap<Duplex, HttpConnection>();
  const server = createServer({
    insecureHTTPParser: false,
    maxHeaderSize: MOST_HEADER_BYTES,
    // A request may be held for a person's answer, and a body may take hours: what must be quick is timed here.
    requestTimeout: 0,
    headersTimeout: 0,
    keepAliveTimeout: openingMs,
  });
  server.timeout = idleMs;

  const inTurn = (
    stream: Duplex,
    act: (connection: HttpConnection) => Promise<void>,
  ): Promise<void> | undefined => {
    const connection = connections.get(stream);
    if (connection === undefined || connection.waiting >= MOST_WAITING) {
      stream.destroy();
      return undefined;
    }
    connection.waiting++;
    clearTimeout(connection.headTimer);
    connection.turn = connection.turn
      .then(() => act(connection))
      .catch(() => void stream.destroy())
      .finally(() => connection.waiting--);
    return connection.turn;
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    void inTurn(socket, async (connection) => {
      await answerRequest(context, connection, { request, response });
      if (connection.waiting === 1) timeHead(connection, openingMs);
    });
  };
  /** The parser has let go of the stream: nothing comes on it that is a request. */
  const onLeave =
    (act: typeof serveConnect) =>
    (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
      if (head.length > 0) stream.unshift(head);
      void inTurn(stream, (connection) => act(context, connection, request));
    };

  server.on("request", onRequest).on("checkContinue", onRequest);
  server.on("connect", onLeave(serveConnect)).on("upgrade", onLeave(answerUpgrade));
  server.on("clientError", (_error, stream) => {
    if (stream.writable) stream.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    stream.resume();
  });

  return (stream, entry) => {
    const kept = connections.get(stream);
    // The same connection once more, after a wish for another protocol.
    const connection = kept?.entry === entry ? kept : openConnection(stream, entry);
    connections.set(stream, connection);
    timeHead(connection, openingMs);
    server.emit("connection", stream);
    stream.resume();
  };
}

function openConnection(client: Duplex, entry: HttpEntry): HttpConnection {
  const upstreams = new UpstreamPool();
  client.once("close", () => upstreams.destroy());
  return { entry, client, upstreams, turn: Promise.resolve(), waiting: 0 };
}

function timeHead(connection: HttpConnection, openingMs: number): void {
  clearTimeout(connection.headTimer);
  connection.headTimer = setTimeout(() => connection.client.destroy(), openingMs).unref();
}
