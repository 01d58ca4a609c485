import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What connections there may be of one listener. */
export interface ConnectionLimits {
  /** On which no request of somebody known is being served. */
  readonly idle: number;
  /** On which one is. */
  readonly served: number;
}

/**
 * Keeps strangers from holding connections that others need: of those on which nobody known is being served the oldest goes when there is one too
 * many. One of somebody who asks at once is the newest, and is not idle any more before it is anybody's turn to go.
 */
export class ConnectionShare {
  readonly #limits: ConnectionLimits;
  /** In the order in which they became so. */
  readonly #idle = new Set<Socket>();
  readonly #served = new Set<Socket>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** A new one. */
  add(socket: Socket): void {
    socket.once("close", () => {
      this.#idle.delete(socket);
      this.#served.delete(socket);
    });
    this.#rest(socket);
  }

  /** A request of somebody known came on it; until `response` is over it is nobody else's. */
  serve(socket: Socket, response: ServerResponse): void {
    if (!this.#idle.delete(socket)) return;
    this.#served.add(socket);
    if (this.#served.size > this.#limits.served) socket.destroy();
    response.once("close", () => {
      if (this.#served.delete(socket) && !socket.destroyed) this.#rest(socket);
    });
  }

  #rest(socket: Socket): void {
    this.#idle.add(socket);
    if (this.#idle.size <= this.#limits.idle) return;
    const [oldest] = this.#idle;
    oldest?.destroy();
    if (oldest !== undefined) this.#idle.delete(oldest);
  }
}
