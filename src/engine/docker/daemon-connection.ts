import type { Agent } from "node:http";
import type { FoundDaemon } from "./find-daemon.js";

/** How docker-modem reaches a daemon. */
export interface DaemonConnection {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly protocol: "http" | "https";
  /** Makes the connections where they are neither a socket's nor TCP's. */
  readonly agent?: Agent;
}

/** The connection to `found`. Plain sockets need nothing loaded; the rest is in a bundle of its own. */
export async function toConnection(found: FoundDaemon): Promise<DaemonConnection> {
  const { address, tls } = found;
  if (address.startsWith("unix://"))
    return { socketPath: address.slice("unix://".length), protocol: "http" };
  if (address.startsWith("tcp://") && tls === undefined) {
    const { hostname, port } = new URL(address);
    return { host: hostname, port: Number(port), protocol: "http" };
  }
  const { toFarConnection } = await import("./far-connection.js");
  return toFarConnection(found);
}
