import type { GatewayListener } from "../core/gateway-listener.js";
import type { GatewayPorts } from "./gateway.js";

/** Where a gateway must listen inside: its own ports, and every address of the loopback at the direct ports. */
export function toListeners(
  own: GatewayPorts,
  direct: readonly number[],
): readonly GatewayListener[] {
  const taken: readonly number[] = [own.http, own.socks, own.dns];
  const free = [...new Set(direct)].filter((port) => !taken.includes(port));
  return [
    { protocol: "tcp", address: "127.0.0.1", port: own.http },
    { protocol: "tcp", address: "127.0.0.1", port: own.socks },
    { protocol: "udp", address: "127.0.0.1", port: own.dns },
    { protocol: "tcp", address: "127.0.0.1", port: own.dns },
    ...free.map((port) => ({ protocol: "tcp", address: "0.0.0.0", port }) as const),
  ];
}
