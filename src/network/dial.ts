import { checkAddress } from "./check-address.js";
import { connectTo, type Dialed, type ReadHook, toReason } from "./connect.js";
import type { Lookup, Place } from "./gateway.js";
import type { OpenSockets } from "./open-sockets.js";
import { tunnelThrough } from "./tunnel-through.js";
import type { UpstreamFor, UpstreamProxy } from "./upstream-proxy.js";

/** Whereto, and what the verdict said of it. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly mayBePrivate: boolean;
}

interface Hook {
  readonly hook?: ReadHook | undefined;
}

type Hooked = Destination & Hook;

/** What dialing needs. */
export interface DialContext {
  readonly findAddresses: Lookup;
  readonly forbidden: readonly Place[];
  readonly connectMs: number;
  readonly upstreamFor: UpstreamFor;
  readonly sockets: OpenSockets;
}

/**
 * Resolves a host once, checks what it resolves to, and connects to exactly one of the addresses that passed, in their order. Where a proxy stands
 * before this host, what comes back is a tunnel through it: it resolves the name itself, and what this host knows of the name is checked
 * all the same. A hook is used where the connection is direct.
 */
export async function dial(
  context: DialContext,
  { hook, ...destination }: Hooked,
  abort: AbortSignal,
): Promise<Dialed> {
  const upstream = context.upstreamFor(destination, "tunnel");
  const found = await findAllowed(context, destination);
  if (found.outcome === "refused") return found;
  if (upstream !== undefined) {
    const reached = await dialProxy(context, upstream, abort);
    return reached.outcome === "connected"
      ? tunnelThrough(reached, { ...destination, upstream, abort, timeoutMs: context.connectMs })
      : reached;
  }
  if (found.outcome !== "found") return found;
  return connectToFirst(context, { ...destination, addresses: found.addresses, hook }, abort);
}

/** As `dial`, for a request that `proxy`, which stands before this host, reads: the connection is to it. The hook is always used. */
export async function dialPlain(
  context: DialContext,
  { hook, proxy, ...destination }: Hooked & { readonly proxy: UpstreamProxy },
  abort: AbortSignal,
): Promise<Dialed> {
  const found = await findAllowed(context, destination);
  return found.outcome === "refused" ? found : dialProxy(context, { ...proxy, hook }, abort);
}

/** Whoever started this program named it: its address is not checked. */
async function dialProxy(
  context: DialContext,
  { host, port, hook }: UpstreamProxy & Hook,
  abort: AbortSignal,
): Promise<Dialed> {
  try {
    const addresses = await context.findAddresses(host);
    return await connectToFirst(context, { host, port, addresses, hook }, abort);
  } catch (error) {
    return { outcome: "failed", reason: `cannot resolve the proxy ${host}: ${toReason(error)}` };
  }
}

interface Addresses extends Place, Hook {
  readonly addresses: readonly string[];
}

async function connectToFirst(
  { connectMs, sockets }: DialContext,
  { host, port, addresses, hook }: Addresses,
  abort: AbortSignal,
): Promise<Dialed> {
  let reason = "it has no address";
  for (const address of addresses) {
    try {
      const socket = await connectTo(
        { address, port },
        { timeoutMs: connectMs, abort, sockets, hook },
      );
      return { outcome: "connected", socket, address, hook };
    } catch (error) {
      reason = `${address}: ${toReason(error)}`;
      if (abort.aborted) break;
    }
  }
  return { outcome: "failed", reason: `cannot connect to ${host}: ${reason}` };
}

type Found =
  | { readonly outcome: "found"; readonly addresses: readonly string[] }
  | { readonly outcome: "refused" | "failed"; readonly reason: string };

async function findAllowed(context: DialContext, destination: Destination): Promise<Found> {
  const { host, port, mayBePrivate } = destination;
  let all: readonly string[];
  try {
    all = await context.findAddresses(host);
  } catch (error) {
    return { outcome: "failed", reason: `cannot resolve ${host}: ${toReason(error)}` };
  }
  const { forbidden } = context;
  const checked = all.map((address) => ({
    address,
    problem: checkAddress({ address, port, host, mayBePrivate, forbidden }),
  }));
  const addresses = checked.flatMap(({ address, problem }) =>
    problem === undefined ? [address] : [],
  );
  if (addresses.length > 0) return { outcome: "found", addresses };
  const problem = checked[0]?.problem ?? "it has no address";
  return { outcome: "refused", reason: `${host} is not connected to: ${problem}` };
}
