import type { Socket } from "node:net";
import { isSameHost, parseHost } from "../core/host-name.js";
import { parseIp } from "../core/ip-address.js";
import type { Reached } from "./connect.js";
import { dial } from "./dial.js";
import type { GatewayContext } from "./gateway-context.js";
import { inspectTunnel } from "./inspect-tunnel.js";
import { joinStreams } from "./join-streams.js";
import { type OpenSend, openSend } from "./open-send.js";
import { type Opening, readOpening } from "./read-opening.js";
import { openRawSink, type RawSink } from "./raw-sink.js";
import { showText } from "./show-host.js";
import { toBufferSize } from "./to-buffer-size.js";
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
  if (sent.verdict.inspect) {
    watch[Symbol.dispose]();
    request.accept();
    return inspect(context, request, sent);
  }
  const { mayBePrivate } = sent.verdict;
  const sink = openRawSink(client, toBufferSize(context));
  const dialed = await dial(context.dialing, { host, port, mayBePrivate, hook: sink }, watch.gone);
  if (dialed.outcome !== "connected") {
    sent.end({ end: dialed.outcome, reason: dialed.reason });
    return request.refuse({ kind: dialed.outcome, reason: dialed.reason });
  }
  watch[Symbol.dispose]();
  request.accept();
  const used = dialed.hook === sink ? sink : undefined;
  await carry(context, request, { sent, reached: dialed, sink: used });
}

/** Nothing leaves but requests: neither the tunnel's own connection nor any that is not TLS or HTTP. */
async function inspect(
  context: GatewayContext,
  { client, via, host, port }: TunnelRequest,
  sent: OpenSend,
): Promise<void> {
  const late = setTimeout(() => client.destroy(), context.limits.openingMs);
  const first = await readOpening(client)
    .catch(() => ({ kind: "malformed" }) as const)
    .finally(() => clearTimeout(late));
  const problem = first.kind === "tls" ? findNameProblem(first.name, host) : undefined;
  if (first.kind === "tls" && problem === undefined)
    return inspectTunnel(context, { client, host, port, sent });
  if (first.kind === "http") {
    sent.end({ end: "done" });
    return context.serveHttp(client, {
      ...{ kind: "settled", via, host, port },
      tunnel: sent.send.id,
    });
  }
  sent.end({ end: "refused", reason: problem ?? "only TLS and HTTP can be inspected" });
  client.destroy();
}

/** An open tunnel. */
interface Tunnel {
  readonly sent: OpenSend;
  readonly reached: Reached;
  /** Where what comes goes by itself. */
  readonly sink: RawSink | undefined;
}

async function carry(
  context: GatewayContext,
  request: TunnelRequest,
  { sent, reached, sink }: Tunnel,
): Promise<void> {
  const { client, via, host, port } = request;
  const { socket: upstream, address } = reached;
  const { first, greeted } = await awaitFirst(context, client, { upstream, sink });
  const problem =
    first === "gone" ? "it ended before it began" : findProblem(context, first, request);
  if (problem !== undefined || first === "gone") {
    sent.end({ end: first === "gone" ? "failed" : "refused", address, reason: problem ?? "" });
    client.destroy();
    upstream.destroy();
    return;
  }
  // A server of HTTP does not speak first: what did is no such server, whatever the client says to it.
  if (first.kind === "http" && greeted === 0) {
    upstream.destroy();
    sent.end({ end: "done", address });
    return context.serveHttp(client, {
      ...{ kind: "settled", via, host, port },
      tunnel: sent.send.id,
    });
  }
  const cut = first.kind === "cut" ? first.bytes : Buffer.alloc(0);
  upstream.write(cut);
  const { idleMs } = context.limits;
  const { gate } = sent.verdict;
  const joined = await joinStreams(client, upstream, { idleMs, sink, gate });
  const bytesOut = joined.bytesOut + cut.length;
  const bytesIn = joined.bytesIn + (sink === undefined ? greeted : 0);
  const end = joined.reason === undefined ? "done" : "failed";
  sent.end({ end, address, ...joined, bytesOut, bytesIn });
}

interface First {
  readonly first: Opening | "gone";
  /** Bytes that the server had said by then. */
  readonly greeted: number;
}

/**
 * What the client begins with. Servers of some protocols speak first: what they say is passed on meanwhile, and the client's first bytes wait
 * until they are known.
 */
async function awaitFirst(
  { limits }: GatewayContext,
  client: Socket,
  { upstream, sink }: Pick<Tunnel, "sink"> & { readonly upstream: Socket },
): Promise<First> {
  const greeting = sink === undefined ? openGreeting(client, upstream) : undefined;
  const give = (): void => void client.destroy();
  const finish = (): void => void client.end();
  const late = setTimeout(give, limits.idleMs);
  upstream.once("end", finish).once("close", give);
  try {
    const first = await readOpening(client).catch(() => "gone" as const);
    return { first, greeted: (sink ?? greeting)?.received() ?? 0 };
  } finally {
    clearTimeout(late);
    greeting?.[Symbol.dispose]();
    upstream.off("end", finish).off("close", give);
  }
}

interface Greeting extends Disposable {
  /** Bytes that were passed on. */
  readonly received: () => number;
}

/** Passes on what a server says, no faster than the client takes it, until it is disposed of. */
function openGreeting(client: Socket, upstream: Socket): Greeting {
  let received = 0;
  const greet = (): void => {
    while (client.writable && !client.writableNeedDrain) {
      const chunk: unknown = upstream.read();
      if (!Buffer.isBuffer(chunk)) return;
      received += chunk.length;
      client.write(chunk);
    }
  };
  upstream.on("readable", greet);
  client.on("drain", greet);
  return {
    received: () => received,
    [Symbol.dispose]: () => {
      upstream.off("readable", greet);
      client.off("drain", greet);
    },
  };
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
    case "cut":
      if (opening.kind === "cut" && opening.bytes.length === 0) return undefined;
      return port === ports.tls ? "at port 443 only TLS, HTTP and SSH may begin" : undefined;
    default:
      return undefined;
  }
}

/** RFC 6066: no name is sent for an address, such as the loopback's, which is `localhost` here. */
function findNameProblem(name: string | undefined, host: string): string | undefined {
  const isAddress = parseIp(host) !== undefined || host === "localhost";
  if (name === undefined)
    return isAddress ? undefined : `the TLS inside names no host: it must name ${host}`;
  const parsed = parseHost(name);
  const isSame = !("problem" in parsed) && isSameHost(parsed.host, host);
  return isSame ? undefined : `the TLS inside is for ${showText(name)}, not for ${host}`;
}
