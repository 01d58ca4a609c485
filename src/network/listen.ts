import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { Resolver } from "./answer-lookup.js";
import { SOCKET_MARK } from "./connect.js";
import type { GatewayListener } from "../core/gateway-listener.js";
import type { GatewayContext } from "./gateway-context.js";
import { serveDirect } from "./serve-direct.js";
import { serveTcpLookups, serveUdpLookups } from "./serve-lookups.js";
import { serveSocks } from "./serve-socks.js";

/** The sockets of a gateway. */
export interface Listeners {
  /** Throws where there is not one descriptor for each listener; they are closed then. */
  adopt(listeners: readonly GatewayListener[], descriptors: readonly number[]): void;
  connections(): number;
  /** Closes all of them and cuts every connection. */
  close(): Promise<void>;
}

/** How many wait to be accepted; the kernel takes less where it must. */
const BACKLOG = 1024;

/** Serves sockets that were made inside a sandbox. */
export function openListeners(context: GatewayContext, resolver: Resolver): Listeners {
  const { ports } = context;
  const clients = new Set<Socket>();
  const open: (Server | UdpSocket)[] = [];

  const take = (client: Socket, serve: (client: Socket) => Promise<void>): void => {
    // Without a listener an error would end the program; whoever serves hears of its end by `close`.
    client.on("error", () => undefined);
    if (clients.size >= context.limits.connections) {
      client.destroy();
      return;
    }
    clients.add(client);
    client.once("close", () => clients.delete(client));
    serve(client).catch(() => client.destroy());
  };
  const serverFor = (listener: GatewayListener): ((client: Socket) => Promise<void>) => {
    const { port, address } = listener;
    if (address === "0.0.0.0") return (client) => serveDirect(context, client, port);
    if (port === ports.socks) return (client) => serveSocks(context, client);
    if (port === ports.dns) return (client) => serveTcpLookups(client, resolver);
    return async (client) => context.serveHttp(client, { kind: "proxy" });
  };
  const listen = (listener: GatewayListener, fd: number): void => {
    if (listener.protocol === "udp") {
      const socket = createSocket("udp4");
      socket.on("error", () => undefined);
      serveUdpLookups(socket, resolver);
      socket.bind({ fd });
      open.push(socket);
      return;
    }
    const serve = serverFor(listener);
    const server = createServer(
      { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, highWaterMark: SOCKET_MARK },
      (client) => take(client, serve),
    );
    // What cannot be accepted is not served: nothing leaves by it.
    server.on("error", () => undefined);
    server.listen({ fd, backlog: BACKLOG });
    open.push(server);
  };

  return {
    adopt: (listeners, descriptors) => {
      if (listeners.length !== descriptors.length || open.length > 0) {
        for (const fd of descriptors) closeSync(fd);
        throw new Error("a gateway adopts one descriptor for each of its listeners, once");
      }
      for (const [at, listener] of listeners.entries()) listen(listener, descriptors[at] ?? -1);
    },
    connections: () => clients.size,
    close: async () => {
      const closed = [...open, ...clients].map((socket) => once(socket, "close"));
      for (const socket of open) socket.close();
      for (const client of clients) client.destroy();
      await Promise.all(closed);
    },
  };
}
