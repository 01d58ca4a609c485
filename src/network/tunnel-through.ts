import type { Socket } from "node:net";
import { renderPlace } from "../core/render-place.js";
import { type Dialed, toReason } from "./connect.js";
import type { Place } from "./gateway.js";
import { limitWait } from "./limit-wait.js";
import { readUntil } from "./read-until.js";
import type { UpstreamProxy } from "./upstream-proxy.js";

const MOST_HEAD_BYTES = 16_384;

/**
 * Asks a proxy, which `reached` is a connection to, for a tunnel to a place (RFC 9110, CONNECT). The address of what comes back is the proxy's:
 * nobody here knows another.
 */
export async function tunnelThrough(
  reached: Extract<Dialed, { readonly outcome: "connected" }>,
  asked: Place & {
    readonly upstream: UpstreamProxy;
    readonly timeoutMs: number;
    readonly abort: AbortSignal;
  },
): Promise<Dialed> {
  const { socket, address } = reached;
  using _limit = limitWait(socket, asked);
  try {
    asked.abort.throwIfAborted();
    socket.write(toRequest(asked));
    const head = await readUntil(socket, (bytes) => endOfHead(bytes), MOST_HEAD_BYTES);
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString("latin1"))?.[1];
    if (status?.startsWith("2")) return { outcome: "connected", socket, address };
    return fail(socket, `it answered ${status ?? "something that is no HTTP"}`);
  } catch (error) {
    return fail(socket, toReason(error));
  }
}

function toRequest({ host, port, upstream }: Place & { readonly upstream: UpstreamProxy }): string {
  const place = renderPlace(host, port);
  const { authorization } = upstream;
  const proof = authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`;
  return `CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n${proof}\r\n`;
}

function endOfHead(bytes: Buffer): number | undefined {
  const at = bytes.indexOf("\r\n\r\n");
  return at < 0 ? undefined : at + 4;
}

function fail(socket: Socket, why: string): Dialed {
  socket.destroy();
  return { outcome: "failed", reason: `the proxy before this host opens no tunnel: ${why}` };
}
