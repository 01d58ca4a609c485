import {
  type ClientRequest,
  type IncomingMessage,
  request as openRequest,
  type RequestOptions,
} from "node:http";
import type { Duplex } from "node:stream";
import type { PooledRequest } from "./http-connection.js";
import { limitInterim } from "./limit-interim.js";
import { limitWait } from "./limit-wait.js";

/** What a server said to the wish for WebSocket. */
export type SwitchAnswer =
  | { readonly upgraded: IncomingMessage; readonly stream: Duplex }
  | { readonly refused: IncomingMessage };

export interface SwitchOptions {
  /** The connection, which is the request's alone. */
  readonly socket: Duplex;
  /** Nobody waits for the answer any more. */
  readonly gone: AbortSignal;
  /** How long the server may say nothing. */
  readonly idleMs: number;
  /** Told of the request before a byte of it has left. */
  readonly onRequest: (upstream: ClientRequest) => void;
}

/** Sends a request with the wish for WebSocket. Rejects where there is no answer; closing the connection is the caller's. */
export async function askToSwitch(
  options: PooledRequest,
  { socket, gone, idleMs, onRequest }: SwitchOptions,
): Promise<SwitchAnswer> {
  gone.throwIfAborted();
  const { agent: _pool, headers, ...rest } = options;
  const passed = Array.isArray(headers) ? headers : [];
  const upstream = openRequest({
    ...rest,
    headers: [...passed, "Connection", "Upgrade", "Upgrade", "websocket"],
    createConnection: () => socket,
  } as RequestOptions);
  onRequest(upstream);
  limitInterim(upstream);
  using _limit = limitWait(upstream, { timeoutMs: idleMs, abort: gone });
  return await new Promise<SwitchAnswer>((resolve, reject) => {
    upstream.on("error", reject);
    upstream.once("response", (refused: IncomingMessage) => {
      if (!upstream.destroyed) resolve({ refused });
    });
    upstream.once("upgrade", (upgraded: IncomingMessage, stream: Duplex, head: Buffer) => {
      if (head.length > 0) stream.unshift(head);
      resolve({ upgraded, stream });
    });
    upstream.end();
  });
}
