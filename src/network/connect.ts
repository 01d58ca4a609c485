import { connect as connectSocket, type OnReadOpts, type Socket } from "node:net";
import { limitWait } from "./limit-wait.js";
import type { OpenSockets } from "./open-sockets.js";

/** Larger reads than Node's 16 KiB mark allows: fewer turns of the loop for each megabyte. */
export const SOCKET_MARK = 1 << 18;

/** What takes a connection's bytes where they are read, without a buffer for each read. */
export interface ReadHook {
  readonly onread: OnReadOpts;
  /** Tells which connection it is, before it is one. */
  bind(socket: Socket): void;
}

/** An open connection, and the address it goes to. */
export interface Reached {
  readonly socket: Socket;
  readonly address: string;
  /** What comes goes there. */
  readonly hook?: ReadHook | undefined;
}

/** What came of dialing. `refused` is a matter of policy; `failed` of the network. The reason is one line. */
export type Dialed =
  | (Reached & { readonly outcome: "connected" })
  | { readonly outcome: "refused" | "failed"; readonly reason: string };

/** The system's word for an error (`ECONNREFUSED`), where there is one. */
export function toReason(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}

export interface ConnectOptions {
  readonly timeoutMs: number;
  readonly abort: AbortSignal;
  /** Closes it at the latest. */
  readonly sockets: OpenSockets;
  /** What comes goes there, and not by itself to the socket. */
  readonly hook?: ReadHook | undefined;
}

/** A TCP connection to an address, which is never looked up. Rejects with the system's error, or where it takes too long. */
export async function connectTo(
  place: { readonly address: string; readonly port: number },
  { timeoutMs, abort, sockets, hook }: ConnectOptions,
): Promise<Socket> {
  abort.throwIfAborted();
  const options = {
    host: place.address,
    port: place.port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    highWaterMark: SOCKET_MARK,
    ...(hook === undefined ? {} : { onread: hook.onread }),
  };
  const socket = connectSocket(options);
  hook?.bind(socket);
  // Whoever holds it hears of its end by `close`.
  socket.on("error", () => undefined);
  sockets.add(socket);
  using _limit = limitWait(socket, { timeoutMs, abort });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve).once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
  });
  return socket;
}
