import type { GatewayListener } from "../core/gateway-listener.js";
import type { OpenSecret } from "../core/open-secret.js";
import type { Send, SendResult, SendVerdict } from "../core/send.js";
import type { UpstreamFor } from "./upstream-proxy.js";

/** What a gateway is opened with. */
export interface GatewayOptions {
  /**
   * Awaited before a byte leaves; it may take minutes. The signal says that the client has gone away: the answer no longer matters.
   * Where it throws, the send is refused.
   */
  readonly decide: (send: Send, abort: AbortSignal) => Promise<SendVerdict>;
  /** Told exactly once of each send, when it is over. */
  readonly onEnd: (send: Send, result: SendResult) => void;
  /** Whether a canonical name gets an answer from the resolver. */
  readonly mayResolve: (name: string) => boolean;
  /** Told of each lookup that got none. The name is canonical, or escaped where it has no canonical form. */
  readonly onRefusedLookup?: (lookup: RefusedLookup) => void;
  /** Told of what was no send because nobody could say whereto: one line, with nothing in it that a terminal would act on. */
  readonly onMalformed?: (via: Send["via"], reason: string) => void;
  /** Ports besides the gateway's own at which programs that know no proxy are served, by addresses that the resolver gave out. */
  readonly directPorts: readonly number[];
  /** Never connected to, whatever a verdict says: where this program itself listens. */
  readonly forbidden: readonly Place[];
  /** The way out, where a proxy stands before the host; undefined is direct. */
  readonly upstreamFor?: UpstreamFor;
  /** Whose placeholders a task may have. Their values are in nothing that this gateway tells. */
  readonly secrets?: readonly OpenSecret[];
  /** Certificates, as PEM, that servers of inspected hosts must prove themselves to; read when first needed. */
  readonly readRoots?: () => string;
  /** All addresses of a name, as this host knows it; for tests. */
  readonly lookup?: Lookup;
  /** Others than `GATEWAY_PORTS`; for tests. */
  readonly ports?: GatewayPorts;
  readonly limits?: Partial<GatewayLimits>;
}

export interface Place {
  readonly host: string;
  readonly port: number;
}

export type Lookup = (name: string) => Promise<readonly string[]>;

/** A lookup that got no answer. */
export interface RefusedLookup {
  readonly name: string;
  /** Such as `A` or `TXT`. */
  readonly type: string;
}

/** Ports inside the sandbox: the gateway's own three, and those at which only HTTP and only TLS are spoken. */
export interface GatewayPorts {
  readonly http: number;
  readonly socks: number;
  readonly dns: number;
  readonly plain: number;
  readonly tls: number;
}

export interface GatewayLimits {
  /** At once; more are closed as they come. */
  readonly connections: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** Until a request's head, a handshake or a tunnel's greeting is complete. */
  readonly openingMs: number;
  /** For each address that is tried. */
  readonly connectMs: number;
}

/** A gateway that waits for its sockets, or serves them. Disposing of it cuts everything. */
export interface Gateway extends AsyncDisposable {
  readonly listeners: readonly GatewayListener[];
  /** Takes over one descriptor for each of `listeners`, in their order, and serves them from now on. */
  adopt(descriptors: readonly number[]): void;
  /** The certificate, as PEM, that clients inside must trust where TLS is inspected. Made when it is first asked for. */
  readonly caPem: () => string;
  readonly stats: () => GatewayStats;
}

interface GatewayStats {
  /** Connections from inside, now. */
  readonly connections: number;
  /** Since it was opened. */
  readonly sends: number;
  readonly refused: number;
  readonly refusedLookups: number;
}

export const GATEWAY_LIMITS: GatewayLimits = {
  connections: 1024,
  idleMs: 30 * 60_000,
  openingMs: 60_000,
  connectMs: 10_000,
};
