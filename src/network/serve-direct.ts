import type { Socket } from "node:net";
import type { GatewayContext } from "./gateway-context.js";
import { serveTunnel } from "./serve-tunnel.js";

/** Serves a client that knows of no gateway, paused: the address it connected to says which name it asked for. */
export async function serveDirect(
  context: GatewayContext,
  client: Socket,
  port: number,
): Promise<void> {
  const address = client.localAddress ?? "";
  const host = context.names.nameOf(address);
  if (host === undefined) {
    context.onMalformed("direct", `${address}:${port} is no address that the resolver gave out`);
    client.resetAndDestroy();
    return;
  }
  await serveTunnel(context, {
    client,
    via: "direct",
    host,
    port,
    accept: () => undefined,
    refuse: () => void client.resetAndDestroy(),
  });
}
