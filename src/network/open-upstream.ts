import type { Duplex } from "node:stream";
import { type Destination, dial, dialPlain } from "./dial.js";
import type { GatewayContext, HttpEntry } from "./gateway-context.js";
import { DialError, type HttpConnection } from "./http-connection.js";
import type { UpstreamProxy } from "./upstream-proxy.js";

/** Whereto, and until when anybody wants it. */
export type UpstreamRequest = Destination & { readonly gone: AbortSignal };

/** The proxy before this host that a request is given to as it is; undefined where there is none, or it is asked for a tunnel. */
export function toPlainProxy(
  { dialing, ports }: GatewayContext,
  entry: HttpEntry,
  place: { readonly host: string; readonly port: number },
): UpstreamProxy | undefined {
  const isInTunnel = entry.kind === "settled" && place.port !== ports.plain;
  return isInTunnel ? undefined : dialing.upstreamFor(place, "plain");
}

/** A new connection for a request. Rejects with `DialError`. */
export async function openUpstream(
  context: GatewayContext,
  { entry, upstreams }: HttpConnection,
  { gone, ...destination }: UpstreamRequest,
): Promise<Duplex> {
  const open = toPlainProxy(context, entry, destination) === undefined ? dial : dialPlain;
  const reached = await open(context.dialing, destination, gone);
  if (reached.outcome !== "connected") throw new DialError(reached);
  // A kept connection whose server has ended is no use to the next request: it closes.
  reached.socket.allowHalfOpen = false;
  upstreams.addresses.set(reached.socket, reached.address);
  return reached.socket;
}
