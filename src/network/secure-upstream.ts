import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, type SecureContext, type TLSSocket } from "node:tls";
import { parseIp } from "../core/ip-address.js";
import { type Dialed, toReason } from "./connect.js";

/** Makes TLS of a connection, to a server that must prove that it is `host` to the roots of this machine. */
export async function secureUpstream(
  socket: Socket,
  options: {
    readonly host: string;
    readonly roots: SecureContext;
    readonly timeoutMs: number;
  },
): Promise<TLSSocket | Exclude<Dialed, { readonly outcome: "connected" }>> {
  const { host, roots, timeoutMs } = options;
  const secure = connect({
    socket,
    host,
    ...(parseIp(host) === undefined ? { servername: host } : {}),
    secureContext: roots,
    ALPNProtocols: ["http/1.1"],
  });
  const late = setTimeout(() => secure.destroy(new Error("no answer in time")), timeoutMs);
  try {
    await once(secure, "secureConnect");
    secure.on("error", () => undefined);
    return secure;
  } catch (error) {
    secure.destroy();
    return { outcome: "failed", reason: `no TLS with ${host}: ${toReason(error)}` };
  } finally {
    clearTimeout(late);
  }
}
