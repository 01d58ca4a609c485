import type { Socket } from "node:net";
import { connect, type SecureContext, type TLSSocket } from "node:tls";
import { parseIp } from "../core/ip-address.js";
import { type Dialed, toReason } from "./connect.js";
import { limitWait } from "./limit-wait.js";

/**
 * Makes TLS of a connection, to a server that must prove that it is `host` to the roots of this machine. Closes it where that takes too long or
 * nobody wants it any more.
 */
export async function secureUpstream(
  socket: Socket,
  options: {
    readonly host: string;
    readonly roots: SecureContext;
    readonly timeoutMs: number;
    readonly gone: AbortSignal;
  },
): Promise<TLSSocket | Exclude<Dialed, { readonly outcome: "connected" }>> {
  const { host, roots, timeoutMs, gone } = options;
  const secure = connect({
    socket,
    host,
    ...(parseIp(host) === undefined ? { servername: host } : {}),
    secureContext: roots,
    ALPNProtocols: ["http/1.1"],
  });
  using _limit = limitWait(secure, { timeoutMs, abort: gone });
  try {
    gone.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      secure.once("secureConnect", resolve).once("error", reject);
      // Where the connection below is closed there is no error.
      secure.once("close", () => reject(new Error("closed")));
    });
    secure.on("error", () => undefined);
    return secure;
  } catch (error) {
    secure.destroy();
    return { outcome: "failed", reason: `no TLS with ${host}: ${toReason(error)}` };
  }
}
