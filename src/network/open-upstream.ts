import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Destination, dial, dialPlain } from "./dial.js";
import type { GatewayContext, HttpEntry } from "./gateway-context.js";
import { DialError, type HttpConnection } from "./http-connection.js";
import { secureUpstream } from "./secure-upstream.js";
import { openTap } from "./open-tap.js";
import type { UpstreamProxy } from "./upstream-proxy.js";

/** Whereto, and until when anybody wants it. */
export type UpstreamRequest = Destination & { readonly gone: AbortSignal };

/** The proxy before this host that a request is given to as it is; undefined where there is none, or it is asked for a tunnel. */
export function toPlainProxy(
  { dialing, ports }: GatewayContext,
  entry: HttpEntry,
  place: { readonly host: string; readonly port: number },
): UpstreamProxy | undefined {
  const isInTunnel =
    entry.kind === "settled" && (place.port !== ports.plain || entry.via === "inspected");
  return isInTunnel ? undefined : dialing.upstreamFor(place, "plain");
}

/** A new connection for a request. Rejects with `DialError`. */
export async function openUpstream(
  context: GatewayContext,
  { entry, upstreams }: HttpConnection,
  { gone, ...destination }: UpstreamRequest,
): Promise<Duplex> {
  const open = toPlainProxy(context, entry, destination) === undefined ? dial : dialPlain;
  const isPlain = entry.kind === "proxy" || entry.via !== "inspected";
  const tap = isPlain ? openTap(context) : undefined;
  const reached = await open(context.dialing, { ...destination, hook: tap }, gone);
  if (reached.outcome !== "connected") throw new DialError(reached);
  // A kept connection whose server has ended is no use to the next request: it closes.
  reached.socket.allowHalfOpen = false;
  const stream = await secured(context, entry, {
    ...destination,
    gone,
    socket: reached.socket,
  });
  upstreams.addresses.set(stream, reached.address);
  if (tap !== undefined && reached.hook === tap) upstreams.taps.set(stream, tap);
  return stream;
}

/** What came in TLS goes out in TLS. */
async function secured(
  { roots, limits }: GatewayContext,
  entry: HttpEntry,
  {
    host,
    socket,
    gone,
  }: { readonly host: string; readonly socket: Socket; readonly gone: AbortSignal },
): Promise<Duplex> {
  if (entry.kind === "proxy" || entry.via !== "inspected") return socket;
  const secure = await secureUpstream(socket, {
    host,
    roots: roots(),
    timeoutMs: limits.connectMs,
    gone,
  });
  if ("outcome" in secure) throw new DialError(secure);
  return secure;
}
