import type { GatewayContext } from "./gateway-context.js";

type Sends = Pick<GatewayContext, "openSends">;

/** Whether so many connections carry something that large buffers for all would be most of the gateway's memory. */
export function isCrowded({ openSends }: Sends): boolean {
  return openSends.size > 64;
}

/** Bytes of a buffer for one connection: large ones are fast. */
export function toBufferSize(sends: Sends): number {
  return isCrowded(sends) ? 1 << 15 : 1 << 18;
}
