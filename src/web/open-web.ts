import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Service } from "../controller/service/open-service.js";
import type { Token } from "../controller/service/read-tokens.js";
import { SandboxError } from "../core/error.js";
import { byToken, type Caller, type Gate } from "./guard-request.js";
import { ConnectionShare } from "./share-connections.js";
import { serveRequest } from "./serve-request.js";

/** Where the service listens. */
export interface WebOptions {
  readonly service: Service;
  /** A socket's path at which nothing is. */
  readonly socket: string;
  /** Who is at the other end of the unix socket; undefined for whoever may not ask. */
  readonly callerOf: (request: IncomingMessage) => Caller | undefined;
  /** TCP too, for whoever has one of the tokens. */
  readonly tcp?: {
    readonly host: string;
    readonly port: number;
    readonly tokens: readonly Token[];
  };
}

/** A service that listens. */
export interface Web {
  /** Of TCP. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  /** Takes nothing more, and lets those go who wait. */
  close(): Promise<void>;
}

/** The whole of a request's head must come within this. */
const HEAD_MS = 10_000;
const REQUEST_MS = 60_000;
/** How late that is noticed. */
const CHECK_MS = 5000;
/**
 * Anybody can connect over TCP, and a program of the same user to the socket: more would take files away from the queue. Idle ones may be more
 * than the kernel keeps to be accepted at once (Node's backlog is 511): what came among them is heard before it is the oldest.
 */
const MOST_IDLE = 600;
const MOST_SERVED = { tcp: 256, local: 4096 };
/** At the socket there is one person alone. */
const MOST_EACH = { tcp: MOST_SERVED.tcp / 4, local: MOST_SERVED.local };
const LIMITS = {
  headersTimeout: HEAD_MS,
  requestTimeout: REQUEST_MS,
  connectionsCheckingInterval: CHECK_MS,
};

/** Listens. Throws `usage` where it cannot. */
export async function openWeb(options: WebOptions): Promise<Web> {
  const { service, socket, tcp } = options;
  const ending = new AbortController();
  const open = (gate: Gate, kind: "tcp" | "local"): Server => {
    const share = new ConnectionShare({
      ...{ idle: MOST_IDLE, served: MOST_SERVED[kind], each: MOST_EACH[kind] },
    });
    const serving = { service, gate, share, ending: ending.signal };
    return createServer(LIMITS, (request, response) => {
      void serveRequest(serving, request, response);
    }).on("connection", (socket) => share.add(socket));
  };
  const gate = { hosts: new Set(["localhost"]), callerOf: options.callerOf };
  const local = open(gate, "local");
  await listenPrivately(local, socket);
  const servers = [local];
  let address: Web["address"];
  if (tcp !== undefined) {
    const hosts = new Set<string>();
    const server = open({ hosts, callerOf: byToken(tcp.tokens) }, "tcp");
    servers.push(server);
    address = await listenTcp(server, tcp).catch(async (error: unknown) => {
      local.close();
      throw error;
    });
    for (const name of toHosts(address)) hosts.add(name);
  }
  return {
    address,
    close: async () => {
      const closed = servers.map((server) => once(server, "close"));
      for (const server of servers) server.close();
      ending.abort(new SandboxError("busy", "the service ends"));
      for (const server of servers) server.closeIdleConnections();
      await Promise.all(closed);
    },
  };
}

/** The socket is its owner's from the moment it is there: `listen` makes it before it returns, and actions that waited run already. */
async function listenPrivately(server: Server, socket: string): Promise<void> {
  const before = process.umask(0o177);
  try {
    server.listen(socket);
  } finally {
    process.umask(before);
  }
  await orRefused(server, socket);
}

async function listenTcp(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<NonNullable<Web["address"]>> {
  server.listen(port, host);
  await orRefused(server, `${host}:${port}`);
  const { port: own } = server.address() as AddressInfo;
  return { host, port: own };
}

async function orRefused(server: Server, where: string): Promise<void> {
  try {
    await once(server, "listening");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SandboxError("usage", `cannot listen at ${where}: ${why}`, { cause: error });
  }
}

/** Names under which it may be called: its own, and those of this host where it is on the loopback. */
function toHosts({ host, port }: NonNullable<Web["address"]>): readonly string[] {
  const isLoopback = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host);
  const names = isLoopback ? [host, "localhost", "127.0.0.1", "::1"] : [host];
  return names.map((name) => `${name.includes(":") ? `[${name}]` : name.toLowerCase()}:${port}`);
}
