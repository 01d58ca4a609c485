import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Destination, dial, dialPlain } from "./dial.js";
import type { GatewayContext, HttpEntry } from "./gateway-context.js";
import { DialError, type HttpConnection } from "./http-connection.js";
import { secureUpstream } from "./secure-upstream.js";
import { openTap } from "./open-tap.js";
import type { UpstreamProxy } from "./upstream-proxy.js";

/** Whether requests come in TLS that was opened here. */
export function isInspected(entry: HttpEntry): boolean {
  return entry.kind === "settled" && entry.via === "inspected";
}

/** Whereto, and until when anybody wants it. */
export interface UpstreamRequest extends Destination {
  /** As `toPlainProxy` has it. */
  readonly proxy: UpstreamProxy | undefined;
  readonly gone: AbortSignal;
}

/** The proxy before this host that a request is given to as it is; undefined where there is none, or it is asked for a tunnel. */
export function toPlainProxy(
  { dialing, ports }: GatewayContext,
  entry: HttpEntry,
  place: { readonly host: string; readonly port: number },
): UpstreamProxy | undefined {
  const isInTunnel = isInspected(entry) || (entry.kind === "settled" && place.port !== ports.plain);
  return isInTunnel ? undefined : dialing.upstreamFor(place, "plain");
}

/** A new connection for a request. Rejects with `DialError`. */
export async function openUpstream(
  context: GatewayContext,
  { entry, upstreams }: HttpConnection,
  { gone, proxy, host, port, mayBePrivate }: UpstreamRequest,
): Promise<Duplex> {
  const tap = isInspected(entry) ? undefined : openTap(context);
  const hooked = { host, port, mayBePrivate, hook: tap };
  const reached =
    proxy === undefined
      ? await dial(context.dialing, hooked, gone)
      : await dialPlain(context.dialing, { ...hooked, proxy }, gone);
  if (reached.outcome !== "connected") throw new DialError(reached);
  const { socket } = reached;
  // A kept connection whose server has ended is no use to the next request: it closes.
  socket.allowHalfOpen = false;
  const stream = isInspected(entry) ? await secured(context, { host, socket, gone }) : socket;
  upstreams.addresses.set(stream, reached.address);
  if (tap !== undefined && reached.hook === tap) upstreams.taps.set(stream, tap);
  return stream;
}

/** What came in TLS goes out in TLS. */
async function secured(
  { roots, limits }: GatewayContext,
  {
    host,
    socket,
    gone,
  }: { readonly host: string; readonly socket: Socket; readonly gone: AbortSignal },
): Promise<Duplex> {
  const secure = await secureUpstream(socket, {
    host,
    roots: roots(),
    timeoutMs: limits.connectMs,
    gone,
  });
  if ("outcome" in secure) throw new DialError(secure);
  return secure;
}
