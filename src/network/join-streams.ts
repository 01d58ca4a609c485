import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { ByteGate } from "../core/send.js";
import { openByteGate } from "./open-byte-gate.js";
import { GatewayEnded } from "./open-sockets.js";
import type { RawSink } from "./raw-sink.js";

/** What went through. */
export interface Joined {
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** Where it did not end by both sides' will: one line. */
  readonly reason?: string;
}

export interface JoinOptions {
  readonly idleMs: number;
  readonly sink?: RawSink | undefined;
  /** For what the client sends. */
  readonly gate?: ByteGate | undefined;
}

/** How long one side may take what is left for it when the other has gone. */
const LINGER_MS = 10_000;

/**
 * Passes bytes both ways until both sides have ended. Each side's end is passed on (half-close); a side that breaks breaks the other, so
 * that what is cut short is seen to be. What has a sink is passed on by that already.
 */
export async function joinStreams(
  client: Duplex,
  upstream: Duplex,
  { idleMs, sink, gate }: JoinOptions,
): Promise<Joined> {
  let reason: string | undefined;
  const cut = (why: string): void => {
    reason ??= why;
    client.destroy();
    upstream.destroy();
  };
  for (const side of [client, upstream])
    if (side instanceof Socket)
      side.setTimeout(idleMs, () => cut("nothing went through for too long"));
  const sent = countBytes(client);
  const received = sink?.received ?? countBytes(upstream);
  const gated = gate === undefined ? undefined : openByteGate(gate, cut);
  (gated === undefined ? client : client.pipe(gated)).pipe(upstream);
  if (sink === undefined) upstream.pipe(client);
  else endAfter(upstream, client);
  await Promise.all([
    awaitClose(client, upstream, () => cut("the client broke off")),
    awaitClose(upstream, client, () => cut(toBreak(upstream))),
  ]);
  gated?.destroy();
  return {
    bytesOut: sent(),
    bytesIn: received(),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Why the connection to a server is no more. */
function toBreak({ errored }: Duplex): string {
  return errored instanceof GatewayEnded ? errored.message : "the server broke off";
}

function countBytes(stream: Duplex): () => number {
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  return () => bytes;
}

/** What `pipe` does at the end. */
function endAfter(from: Duplex, to: Duplex): void {
  if (from.readableEnded) to.end();
  else from.once("end", () => to.end());
}

/** Until `from` is closed: what the other side is told then. */
function awaitClose(from: Duplex, to: Duplex, onBroken: () => void): Promise<void> {
  return new Promise((resolve) => {
    const onClose = (): void => {
      if (from.readableEnded) letGo(to);
      else {
        if (to instanceof Socket && !(to instanceof TLSSocket) && !to.destroyed)
          to.resetAndDestroy();
        onBroken();
      }
      resolve();
    };
    if (from.destroyed) onClose();
    else from.once("close", onClose);
  });
}

/** Its peer is closed: what it still sends has nowhere to go, what it was sent may still arrive. */
function letGo(side: Duplex): void {
  if (side.destroyed) return;
  side.resume();
  const late = setTimeout(() => side.destroy(), LINGER_MS);
  side.once("close", () => clearTimeout(late));
}
