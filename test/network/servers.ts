import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { TlsFiles } from "./tls-files.js";

/** A server of a test, somewhere on the loopback. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
}

export interface Where {
  readonly host?: string;
  readonly port?: number;
}

/** One that answers requests. */
export async function serveRequests(
  listener: RequestListener,
  where: Where = {},
): Promise<TestServer> {
  return await startServer(createHttpServer(listener), where);
}

/** One that answers requests in TLS. */
export async function serveTlsRequests(
  listener: RequestListener,
  { files, ...where }: Where & { readonly files: TlsFiles },
): Promise<TestServer> {
  return await startServer(createHttpsServer(files, listener), where);
}

/** One that is given each connection. */
export async function serveSockets(
  serve: (socket: Socket) => void,
  where: Where = {},
): Promise<TestServer> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  });
  return await startServer(server, where);
}

/** Lets a server listen. */
export async function startServer(
  server: Server,
  { host = "127.0.0.1", port = 0 }: Where = {},
): Promise<TestServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
