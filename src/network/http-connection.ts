import { Agent, type ClientRequestArgs } from "node:http";
import type { Duplex } from "node:stream";
import type { Dialed } from "./connect.js";
import type { HttpEntry } from "./gateway-context.js";
import type { Tap } from "./open-tap.js";

/** Why a connection for a request was not made. */
export class DialError extends Error {
  readonly outcome: "refused" | "failed";

  constructor({ outcome, reason }: Exclude<Dialed, { readonly outcome: "connected" }>) {
    super(reason);
    this.name = "DialError";
    this.outcome = outcome;
  }
}

/** One connection on which requests come, one after the other. */
export interface HttpConnection {
  readonly entry: HttpEntry;
  readonly client: Duplex;
  readonly upstreams: UpstreamPool;
  /** Resolves when all requests before have been answered. */
  turn: Promise<void>;
  waiting: number;
  /** Runs while the head of a request is awaited. */
  headTimer?: NodeJS.Timeout;
}

/** Opens the connection for one request. Rejects with `DialError`. */
type OpenUpstream = () => Promise<Duplex>;

/** What `http.request` is given besides the usual. */
export type PooledRequest = ClientRequestArgs & {
  /** Requests with the same key may share a connection, one after the other. */
  readonly poolKey: string;
  readonly openUpstream: OpenUpstream;
};

/** Keeps the upstream connections of one client's connection for its next requests: they were checked for the same destination. */
export class UpstreamPool extends Agent {
  /** Of each connection that was opened for it. */
  readonly addresses = new WeakMap<Duplex, string>();
  /** Of those that have one. */
  readonly taps = new WeakMap<Duplex, Tap>();

  constructor() {
    super({ keepAlive: true, maxFreeSockets: 4, timeout: 60_000 });
  }

  override getName(options?: Partial<PooledRequest>): string {
    return options?.poolKey ?? "";
  }

  /** Called by Node for each new connection; what it gives comes through the callback. */
  override createConnection(
    options: PooledRequest,
    done: (error: Error | null, socket?: Duplex) => void,
  ): undefined {
    options.openUpstream().then(
      (socket) => done(null, socket),
      (error: Error) => done(error),
    );
    return undefined;
  }
}
