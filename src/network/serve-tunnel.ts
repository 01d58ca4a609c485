import type { Socket } from "node:net";
import { isSameHost, parseHost } from "../core/host-name.js";
import { parseIp } from "../core/ip-address.js";
import type { Reached } from "./connect.js";
import { dial } from "./dial.js";
import type { GatewayContext } from "./gateway-context.js";
import { joinStreams } from "./join-streams.js";
import { type OpenSend, openSend } from "./open-send.js";
import { type Opening, readOpening } from "./read-opening.js";
import { showText } from "./show-host.js";
import { watchClient } from "./watch-client.js";

/** A client that wants bytes passed to a place. */
export interface TunnelRequest {
  /** Paused. */
  readonly client: Socket;
  readonly via: "connect" | "socks" | "direct";
  /** Canonical. */
  readonly host: string;
  readonly port: number;
  /** Tells the client that its bytes may come; nothing for a client that knows of no gateway. */
  readonly accept: () => void;
  /** Tells it why not, and closes. */
  readonly refuse: (why: { readonly kind: "refused" | "failed"; readonly reason: string }) => void;
}

/**
 * Carries one tunnel from its request to its end. At port 80 it is requests of HTTP, each of which is decided by itself; elsewhere the
 * tunnel is decided, and what it begins with must mean the same host.
 */
export async function serveTunnel(context: GatewayContext, request: TunnelRequest): Promise<void> {
  const { client, via, host, port } = request;
  if (port === context.ports.plain) {
    request.accept();
    return context.serveHttp(client, { kind: "settled", via, host, port });
  }
  using watch = watchClient(client);
  const sent = await openSend(context, { via, host, port }, watch.gone);
  if (sent.outcome === "refused") return request.refuse({ kind: "refused", reason: sent.reason });
  const { mayBePrivate } = sent.verdict;
  const dialed = await dial(context.dialing, { host, port, mayBePrivate }, watch.gone);
  if (dialed.outcome !== "connected") {
    sent.end({ end: dialed.outcome, reason: dialed.reason });
    return request.refuse({ kind: dialed.outcome, reason: dialed.reason });
  }
  watch[Symbol.dispose]();
  request.accept();
  await carry(context, request, { sent, upstream: dialed.socket, address: dialed.address });
}

/** An open tunnel. */
interface Tunnel {
  readonly sent: OpenSend;
  readonly upstream: Socket;
  readonly address: string;
}

async function carry(
  context: GatewayContext,
  request: TunnelRequest,
  tunnel: Tunnel,
): Promise<void> {
  const { client } = request;
  const { sent, upstream, address } = tunnel;
  const first = await awaitFirst(context, client, upstream);
  const problem =
    first === "gone" ? "it ended before it began" : findProblem(context, first, request);
  if (problem !== undefined || first === "gone") {
    const end = first === "gone" ? "failed" : "refused";
    sent.end({ end, address, reason: problem ?? "" });
    client.destroy();
    upstream.destroy();
    return;
  }
  if (first.kind === "http") {
    sent.end({ end: "done", address });
    return serveInside(context, request, { socket: upstream, address });
  }
  const joined = await joinStreams(client, upstream, { idleMs: context.limits.idleMs });
  sent.end({ end: joined.reason === undefined ? "done" : "failed", address, ...joined });
}

/**
 * What the client begins with. Servers of some protocols speak first: what they say is passed on meanwhile, and the client's first bytes wait
 * until they are known.
 */
async function awaitFirst(
  { limits }: GatewayContext,
  client: Socket,
  upstream: Socket,
): Promise<Opening | "gone"> {
  const greet = (): void => {
    const chunk: unknown = upstream.read();
    if (Buffer.isBuffer(chunk)) client.write(chunk);
  };
  const give = (): void => void client.destroy();
  const late = setTimeout(give, limits.idleMs);
  upstream.on("readable", greet).once("close", give);
  try {
    return await readOpening(client);
  } catch {
    return "gone";
  } finally {
    clearTimeout(late);
    upstream.off("readable", greet).off("close", give);
  }
}

/** The connection that was opened for the tunnel serves the first request. */
function serveInside(
  context: GatewayContext,
  { client, via, host, port }: TunnelRequest,
  reached: Reached,
): void {
  let left: Reached | undefined = reached;
  client.once("close", () => left?.socket.destroy());
  const takeUpstream = (): Reached | undefined => {
    const taken = left;
    left = undefined;
    return taken?.socket.destroyed === false ? taken : undefined;
  };
  context.serveHttp(client, { kind: "settled", via, host, port, takeUpstream });
}

/** Why a tunnel that begins like this is not the one that was allowed. */
function findProblem(
  { ports }: GatewayContext,
  opening: Opening,
  { host, port }: TunnelRequest,
): string | undefined {
  switch (opening.kind) {
    case "malformed":
      return "it begins like TLS, and is not";
    case "tls":
      return findNameProblem(opening.name, host);
    case "other":
      return port === ports.tls ? "at port 443 only TLS, HTTP and SSH may begin" : undefined;
    default:
      return undefined;
  }
}

/** RFC 6066: no name is sent for an address. */
function findNameProblem(name: string | undefined, host: string): string | undefined {
  const isAddress = parseIp(host) !== undefined;
  if (name === undefined)
    return isAddress ? undefined : `the TLS inside names no host: it must name ${host}`;
  const parsed = parseHost(name);
  const isSame = !("problem" in parsed) && isSameHost(parsed.host, host);
  return isSame ? undefined : `the TLS inside is for ${showText(name)}, not for ${host}`;
}
