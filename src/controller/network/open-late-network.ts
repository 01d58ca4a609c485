import { GATEWAY_PORTS } from "../../core/gateway-listener.js";
import { toListeners } from "../../network/to-listeners.js";
import { toDirectPorts } from "../../policy/network/to-direct-ports.js";
import type { Controller } from "../controller.js";
import { noticeNoKey } from "./notice-no-key.js";
import type { openNetwork, RunningNetwork } from "./open-network.js";

type NetworkTask = Parameters<typeof openNetwork>[1];

/**
 * As `openNetwork`, which is loaded and called while the engine makes the sandbox: most of what it takes is the time to load a server of HTTP. Where TLS is
 * inspected or there is an ssh agent it is called at once: what it writes for the task must be there before.
 */
export async function openLateNetwork(
  controller: Controller,
  task: NetworkTask,
): Promise<RunningNetwork> {
  const { policy, agent } = task;
  noticeNoKey(controller, task.record, task.secrets);
  if (policy.inspect.length > 0 || agent !== undefined) return await open(controller, task);
  const listeners = toListeners(GATEWAY_PORTS, toDirectPorts(policy));
  let opening: Promise<RunningNetwork> | undefined;
  let opened: RunningNetwork | undefined;
  return {
    gateway: {
      listeners,
      prepare: async () => {
        opening ??= open(controller, task);
        opened = await opening;
        if (JSON.stringify(opened.gateway.listeners) !== JSON.stringify(listeners))
          throw new Error("a gateway listens elsewhere than was said");
      },
      adopt: (descriptors) => {
        if (opened === undefined) throw new Error("a gateway adopts before it is prepared");
        opened.gateway.adopt(descriptors);
      },
    },
    [Symbol.asyncDispose]: async () => {
      // Whoever prepared it was told of its failure.
      const network = await opening?.catch(() => undefined);
      await network?.[Symbol.asyncDispose]();
    },
  };
}

async function open(controller: Controller, task: NetworkTask): Promise<RunningNetwork> {
  const { openNetwork } = await import("./open-network.js");
  return await openNetwork(controller, task);
}
