import type { Duplex } from "node:stream";
import type { SecureContext } from "node:tls";
import type { OpenSecret } from "../core/open-secret.js";
import type { DialContext } from "./dial.js";
import type { EndSend } from "./ending.js";
import type { GatewayLimits, GatewayOptions, GatewayPorts } from "./gateway.js";
import type { SessionAuthority } from "./session-authority.js";
import type { NameAddresses } from "./name-addresses.js";

/** What the parts of one gateway share. */
export interface GatewayContext {
  readonly decide: GatewayOptions["decide"];
  readonly onEnd: GatewayOptions["onEnd"];
  readonly onMalformed: NonNullable<GatewayOptions["onMalformed"]>;
  readonly dialing: DialContext;
  readonly limits: GatewayLimits;
  readonly ports: GatewayPorts;
  readonly names: NameAddresses;
  readonly secrets: readonly OpenSecret[];
  /** Made when the first tunnel is inspected, or its certificate is asked for. */
  readonly authority: () => SessionAuthority;
  /** What servers must prove themselves to. */
  readonly roots: () => SecureContext;
  /** What connections read into whose bytes are copied at once. */
  readonly scratch: () => Buffer;
  /** Of sends. */
  readonly nextId: () => number;
  /** Those that are not over, by id. */
  readonly openSends: Map<number, EndSend>;
  /** Takes a connection on which requests of HTTP come, its bytes unread. */
  readonly serveHttp: (connection: Duplex, entry: HttpEntry) => void;
}

/** How a connection with requests came. */
export type HttpEntry =
  /** At the proxy's port: each request names its host. */
  | { readonly kind: "proxy" }
  /** Whereto it goes is settled: each request must mean that host. */
  | {
      readonly kind: "settled";
      readonly via: "connect" | "socks" | "direct" | "inspected";
      readonly host: string;
      readonly port: number;
      /** The send that the tunnel itself was. */
      readonly tunnel?: number;
    };
