import { GATEWAY_PORTS } from "../core/gateway-listener.js";
import { createSecureContext } from "node:tls";
import { openAddressFinder } from "./find-addresses.js";
import { GATEWAY_LIMITS, type Gateway, type GatewayOptions } from "./gateway.js";
import type { GatewayContext } from "./gateway-context.js";
import { openListeners } from "./listen.js";
import { openNameAddresses } from "./name-addresses.js";
import { openHttpServer } from "./open-http-server.js";
import { OpenSockets } from "./open-sockets.js";
import { readRoots } from "./read-roots.js";
import { openSessionAuthority } from "./session-authority.js";
import { toListeners } from "./to-listeners.js";

const MOST_TURNS = 100;
const SCRATCH_BYTES = 1 << 16;
/** Shorter ones would be found by chance. */
const LEAST_PLACEHOLDER = 8;

/**
 * Opens the gateway of one sandbox. It has no socket until it adopts those that were made inside, and serves them until it is
 * disposed of: then every connection is cut and every send has ended.
 */
export function openGateway(options: GatewayOptions): Gateway {
  if (options.secrets?.some(({ placeholder }) => placeholder.length < LEAST_PLACEHOLDER))
    throw new Error(`a placeholder has ${LEAST_PLACEHOLDER} characters at least`);
  const counts = { sends: 0, refused: 0, refusedLookups: 0 };
  const context = toContext(options, counts);
  const listeners = toListeners(context.ports, options.directPorts);
  const serving = openListeners(context, {
    mayResolve: options.mayResolve,
    addressOf: context.names.addressOf,
    onRefused: (lookup) => {
      counts.refusedLookups++;
      options.onRefusedLookup?.(lookup);
    },
  });
  return {
    listeners,
    caPem: () => context.authority().pem,
    adopt: (descriptors) => serving.adopt(listeners, descriptors),
    stats: () => ({ ...counts, connections: serving.connections() }),
    [Symbol.asyncDispose]: async () => {
      await serving.close();
      context.dialing.sockets.end();
      // What is sent hears some turns later that its client is gone, and then says what went through.
      for (let turn = 0; turn < MOST_TURNS && context.openSends.size > 0; turn++)
        await new Promise((resolve) => setImmediate(resolve));
      for (const end of context.openSends.values())
        end({ end: "failed", reason: "the sandbox has ended" });
    },
  };
}

function toContext(
  options: GatewayOptions,
  counts: { sends: number; refused: number },
): GatewayContext {
  const limits = { ...GATEWAY_LIMITS, ...options.limits };
  const context: GatewayContext = {
    decide: options.decide,
    onEnd: (send, result) => {
      if (result.end === "refused") counts.refused++;
      options.onEnd(send, result);
    },
    onMalformed: options.onMalformed ?? (() => undefined),
    dialing: {
      findAddresses: openAddressFinder(options.lookup),
      forbidden: options.forbidden,
      connectMs: limits.connectMs,
      upstreamFor: options.upstreamFor ?? (() => undefined),
      sockets: new OpenSockets(),
    },
    limits,
    ports: options.ports ?? GATEWAY_PORTS,
    secrets: options.secrets ?? [],
    authority: once(openSessionAuthority),
    roots: once(() =>
      createSecureContext({ ca: (options.readRoots ?? (() => readRoots(process.env)))() }),
    ),
    scratch: once(() => Buffer.allocUnsafeSlow(SCRATCH_BYTES)),
    names: openNameAddresses(),
    nextId: () => ++counts.sends,
    openSends: new Map(),
    serveHttp: (stream, entry) => serveHttp(stream, entry),
  };
  const serveHttp = openHttpServer(context);
  return context;
}

/** Costs time only where it is needed, and then once. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
