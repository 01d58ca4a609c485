/** A socket that is to listen inside a sandbox: `0.0.0.0` is every address of its loopback, 127.0.0.0/8. */
export interface GatewayListener {
  readonly protocol: "tcp" | "udp";
  readonly address: "127.0.0.1" | "0.0.0.0";
  readonly port: number;
}

/** A unix socket that is to listen inside a sandbox, by its absolute path: whoever is in there may connect to it. */
export interface UnixListener {
  readonly protocol: "unix";
  readonly path: string;
}

/** Where a task finds an ssh agent, if it has one. */
export const AGENT_SOCKET = "/run/sandbox/agent.sock";

/** What an engine can make for whoever serves a sandbox from the host. */
export type SandboxListener = GatewayListener | UnixListener;

/** Where a gateway's proxy, SOCKS server and resolver are, inside; and the ports at which it takes plain HTTP and TLS of programs that know none of them. */
export const GATEWAY_PORTS = { http: 3128, socks: 1080, dns: 53, plain: 80, tls: 443 } as const;
