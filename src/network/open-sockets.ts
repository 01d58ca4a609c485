import type { Socket } from "node:net";

/** What a connection is closed with because its gateway has ended. */
export class GatewayEnded extends Error {
  constructor() {
    super("the sandbox has ended");
    this.name = "GatewayEnded";
  }
}

/** All connections to servers that one gateway ever made and that are not closed: none outlives it, whoever should have closed it. */
export class OpenSockets {
  readonly #open = new Set<Socket>();
  #hasEnded = false;

  /** Takes one that was just made. After the end it is closed at once. */
  add(socket: Socket): void {
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
    if (this.#hasEnded) socket.destroy(new GatewayEnded());
  }

  /** Closes all. */
  end(): void {
    this.#hasEnded = true;
    for (const socket of this.#open) socket.destroy(new GatewayEnded());
  }
}
