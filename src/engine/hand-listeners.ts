import { SandboxError } from "../core/error.js";
import type { SandboxSpec } from "../core/sandbox-spec.js";
import { type DescriptorInbox, openDescriptorInbox } from "../host/descriptor-inbox.js";
import type { SandboxGateway, StartOptions } from "./engine.js";

/** The way by which a sandbox's listening sockets come to its gateway. Disposing of it closes what nobody has taken over. */
export interface ListenerDoor extends Disposable {
  /** Absolute path of the unix socket that takes them, one message for all. */
  readonly socket: string;
  readonly listeners: SandboxGateway["listeners"];
  /**
   * Waits until the gateway has them. Throws `sandbox-unavailable` where they cannot be had, and what `failed` rejects with: it is for
   * the end of whoever makes them.
   */
  adopt(failed: Promise<unknown>): Promise<void>;
}

const NAME = "listeners";

/** The gateway of a start, if its spec has one. */
export function toGateway(
  { network }: Pick<SandboxSpec, "network">,
  { gateway }: Pick<StartOptions, "gateway">,
): SandboxGateway | undefined {
  if ((network === "gateway") !== (gateway !== undefined))
    throw new Error(`a sandbox with network ${network} is started with the wrong gateway`);
  return gateway;
}

/** Opens one in `scratchDir`, which nobody else can enter. */
export async function openListenerDoor(
  gateway: SandboxGateway,
  scratchDir: string,
): Promise<ListenerDoor> {
  const inbox = await openDescriptorInbox(scratchDir, NAME);
  return {
    socket: inbox.path,
    listeners: gateway.listeners,
    adopt: (failed) => adopt(inbox, gateway, failed),
    [Symbol.dispose]: () => inbox[Symbol.dispose](),
  };
}

async function adopt(
  inbox: DescriptorInbox,
  gateway: SandboxGateway,
  failed: Promise<unknown>,
): Promise<void> {
  const prepared = gateway.prepare?.();
  // It is awaited below, unless something else fails first.
  prepared?.catch(() => undefined);
  const received = inbox.receive(gateway.listeners.length).catch((cause: unknown) => {
    throw new SandboxError("sandbox-unavailable", "the sandbox's network cannot be joined", {
      cause,
    });
  });
  const { take, confirm } = await Promise.race([received, failed.then(() => received)]);
  await prepared;
  const descriptors = take();
  gateway.adopt(descriptors);
  // libuv lets others bind to the address of a UDP socket that it is given (uv_udp_open): the task could take its place.
  gateway.listeners.forEach(({ protocol }, index) => {
    const fd = descriptors[index];
    if (protocol === "udp" && fd !== undefined) inbox.native.keepAddress(fd);
  });
  confirm();
}
