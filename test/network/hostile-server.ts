import type { Socket } from "node:net";
import { serveSockets, type TestServer } from "./servers.js";

/** A server that says `said` to each request, and whose connections are told of. */
export interface Hostile extends TestServer {
  /** The next connection on which something came. */
  next(): Promise<Socket>;
  readonly heard: () => number;
}

export async function serveHostile(said: string): Promise<Hostile> {
  const come: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  let heard = 0;
  const server = await serveSockets((socket) => {
    socket.on("data", (chunk) => {
      heard += chunk.length;
    });
    socket.once("data", () => {
      if (said !== "") socket.write(said);
      const take = waiting.shift();
      if (take === undefined) come.push(socket);
      else take(socket);
    });
  });
  return {
    ...server,
    heard: () => heard,
    next: async () => come.shift() ?? (await new Promise((resolve) => waiting.push(resolve))),
  };
}

/** Until the other side has let go of a connection: closed it, or broken it. */
export async function awaitLetGo(socket: Socket): Promise<void> {
  if (socket.readableEnded || socket.destroyed) return;
  await new Promise<void>((resolve) => socket.once("end", resolve).once("close", () => resolve()));
}
