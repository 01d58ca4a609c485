import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What connections there may be of one listener. */
export interface ConnectionLimits {
  /** On which no request of somebody known is being served. */
  readonly idle: number;
  /** On which one is. */
  readonly served: number;
  /** Of these, for any one of those known. */
  readonly each: number;
}

/**
 * Keeps strangers from holding connections that others need: of those on which nobody known is being served the oldest goes when there is one too
 * many. One of somebody who asks at once is the newest, and is not idle any more before it is anybody's turn to go.
 */
export class ConnectionShare {
  readonly #limits: ConnectionLimits;
  /** In the order in which they became so. */
  readonly #idle = new Set<Socket>();
  /** With how many requests each serves, and whose they are: HTTP lets several be asked one behind the other. */
  readonly #served = new Map<Socket, { readonly of: string; requests: number }>();

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

  /** A request of somebody known came on it, by the name `of`; until every `response` on it is over it is nobody else's. */
  serve(socket: Socket, response: ServerResponse, of: string): void {
    const serving = this.#served.get(socket) ?? { of, requests: 0 };
    if (serving.requests === 0 && !this.#idle.delete(socket)) return;
    serving.requests += 1;
    this.#served.set(socket, serving);
    if (this.#isTooMany(of)) socket.destroy();
    response.once("close", () => {
      serving.requests -= 1;
      if (serving.requests > 0) return;
      if (this.#served.delete(socket) && !socket.destroyed) this.#rest(socket);
    });
  }

  /** Nobody's listeners keep another one's answer out. */
  #isTooMany(of: string): boolean {
    const { served, each } = this.#limits;
    if (this.#served.size > served) return true;
    return [...this.#served.values()].filter((one) => one.of === of).length > each;
  }

  #rest(socket: Socket): void {
    this.#idle.add(socket);
    if (this.#idle.size <= this.#limits.idle) return;
    const [oldest] = this.#idle;
    oldest?.destroy();
    if (oldest !== undefined) this.#idle.delete(oldest);
  }
}
