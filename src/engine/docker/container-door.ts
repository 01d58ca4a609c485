import { chmodSync } from "node:fs";
import { SandboxError } from "../../core/error.js";
import type { StartOptions } from "../engine.js";
import { type ListenerDoor, openListenerDoor, toGateway } from "../hand-listeners.js";
import type { OpenLayersInput } from "./container-layers.js";
import { isVisible } from "./open-layers.js";
import { isGvisor } from "./to-container-config.js";

const HINT =
  "use --engine oci, --network none, or a daemon on this machine with runc: the gateway gets the container's sockets over a unix socket";

/** The way by which the sockets of a container come to its gateway. Throws `sandbox-unavailable` where there is none. */
export async function openContainerDoor(
  place: OpenLayersInput,
  { options, runtime }: { readonly options: StartOptions; readonly runtime: string | undefined },
): Promise<ListenerDoor | undefined> {
  const gateway = toGateway(place.spec, options);
  if (gateway === undefined) return undefined;
  if (isGvisor(runtime))
    throw refusal("gVisor in a container has a network of its own, which no gateway can listen in");
  if (!(await isVisible(place)))
    throw refusal(`a network with a gateway needs a local daemon, and not ${place.daemon.address}`);
  const door = await openListenerDoor(gateway, options.scratchDir);
  // Who can write to it is the container's init, which has another id: on the host nobody else gets into its directory.
  chmodSync(door.socket, 0o666);
  return door;
}

function refusal(message: string): SandboxError {
  return new SandboxError("sandbox-unavailable", message, { hint: HINT });
}
