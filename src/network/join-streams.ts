import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** What went through. */
export interface Joined {
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** Where it did not end by both sides' will: one line. */
  readonly reason?: string;
}

/** How long one side may take what is left for it when the other has gone. */
const LINGER_MS = 10_000;

/**
 * Passes bytes both ways until both sides have ended. Each side's end is passed on (half-close); a side that breaks breaks the other, so
 * that what is cut short is seen to be.
 */
export async function joinStreams(
  client: Duplex,
  upstream: Duplex,
  { idleMs }: { readonly idleMs: number },
): Promise<Joined> {
  let bytesOut = 0;
  let bytesIn = 0;
  let reason: string | undefined;
  client.on("data", (chunk: Buffer) => {
    bytesOut += chunk.length;
  });
  upstream.on("data", (chunk: Buffer) => {
    bytesIn += chunk.length;
  });
  const cut = (why: string): void => {
    reason ??= why;
    client.destroy();
    upstream.destroy();
  };
  for (const side of [client, upstream])
    if (side instanceof Socket)
      side.setTimeout(idleMs, () => cut("nothing went through for too long"));
  await Promise.all([
    passOn(client, upstream, () => cut("the client broke off")),
    passOn(upstream, client, () => cut("the server broke off")),
  ]);
  return { bytesOut, bytesIn, ...(reason === undefined ? {} : { reason }) };
}

/** Until `from` is closed. */
function passOn(from: Duplex, to: Duplex, onBroken: () => void): Promise<void> {
  return new Promise((resolve) => {
    const onClose = (): void => {
      if (!from.readableEnded) {
        if (to instanceof Socket && !(to instanceof TLSSocket) && !to.destroyed)
          to.resetAndDestroy();
        onBroken();
      } else letGo(to);
      resolve();
    };
    if (from.destroyed) return onClose();
    from.once("close", onClose).pipe(to);
  });
}

/** Its peer is closed: what it still sends has nowhere to go, what it was sent may still arrive. */
function letGo(side: Duplex): void {
  if (side.destroyed) return;
  side.resume();
  const late = setTimeout(() => side.destroy(), LINGER_MS);
  side.once("close", () => clearTimeout(late));
}
