/**
 * Where something may be sent. `host` is an exact name, `*.suffix` (any name below it, not itself) or an IP literal; lower case, without a
 * final dot.
 */
export interface HostRule {
  readonly host: string;
  /** Absent: 80 and 443, and for names that are only looked up, any. */
  readonly ports?: readonly number[];
  /** Upper case. Where given, the gateway must see the method: TLS is refused unless it is inspected. */
  readonly methods?: readonly string[];
  /** Beginnings of paths, each starting with `/`; whole segments. As with methods, the gateway must see them. */
  readonly paths?: readonly string[];
  /** Its addresses may be private, loopback or link-local: it was named knowing that. */
  readonly private?: true;
}

/** For which logins a task may have signatures of the person's ssh agent. */
export interface SshAgentRule {
  /** Exact and canonical; its keys are those of the person's `known_hosts`, unless `hostKeys` names them. */
  readonly host: string;
  readonly port: number;
  /** Absent: any user of the host. */
  readonly users?: readonly string[];
  /** Fingerprints (`SHA256:…`) of the keys in the agent; absent: any. */
  readonly keys?: readonly string[];
  /** `TYPE BASE64`, each. */
  readonly hostKeys?: readonly string[];
  /** `ask`: somebody is asked once for each host, user and key of a task. */
  readonly decision: "allow" | "ask";
}

/** For which hosts git, inside, has the credentials that the person's own git has. */
export interface GitCredentialRule {
  readonly scheme: "https" | "http";
  /** Exact and canonical. */
  readonly host: string;
  readonly port: number;
  /** Beginnings of paths, whole segments; absent: all. */
  readonly paths?: readonly string[];
  /** `read`: fetch and clone; `write`: push too. */
  readonly access: "read" | "write";
}

/** What may leave a sandbox. `allowlist` with no rule is nothing; `open` is any public address, and rules add to that. */
export interface NetworkPolicy {
  readonly mode: "allowlist" | "open";
  readonly allow: readonly HostRule[];
  /** Hosts (as in `HostRule.host`) whose TLS is opened by the session's own authority. */
  readonly inspect: readonly string[];
  readonly sshAgent?: readonly SshAgentRule[];
  readonly gitCredentials?: readonly GitCredentialRule[];
}

/** One thing a task wants to send, as the gateway sees it before a byte of it has left. */
export interface Send {
  /** Of this gateway; 1, 2, 3… */
  readonly id: number;
  /** How it came: through the proxy in plain, a tunnel, SOCKS, an address the resolver gave out, or inside TLS that is inspected. */
  readonly via: "http" | "connect" | "socks" | "direct" | "inspected";
  /** Canonical: lower case, no final dot; an IP literal in its shortest form, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The send of the tunnel it came through, which has ended: all that is sent in it is such requests. */
  readonly within?: number;
  /** Where they can be seen. The path has no query. */
  readonly method?: string;
  readonly path?: string;
}

/**
 * Asked for each piece of what is sent, before it goes. Undefined: it goes at once; else it waits, and is cut where there is a reason then, one line.
 * Rejects when aborted.
 */
export type ByteGate = (
  bytes: number,
  abort: AbortSignal,
) => Promise<string | undefined> | undefined;

/** What becomes of one. */
export type SendVerdict =
  | {
      readonly decision: "allow";
      /** The rule it was, as written; absent in mode `open`. */
      readonly rule?: string;
      readonly mayBePrivate: boolean;
      readonly inspect: boolean;
      /** Every rule that fits it is of some methods or paths alone: nothing else may be meant by it. */
      readonly isLimited?: true;
      /** Where its bytes have a budget. */
      readonly gate?: ByteGate;
    }
  /** The reason is one line. */
  | { readonly decision: "deny"; readonly rule?: string; readonly reason: string };

/** How one ended. */
export interface SendResult {
  readonly end: "done" | "refused" | "failed";
  /** One line, unless done. */
  readonly reason?: string;
  /** The address that was connected to. */
  readonly address?: string;
  /** Of the answer, where it can be seen. */
  readonly status?: number;
  /** Towards the network, and from it. */
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly durationMs: number;
  /** Names of the secrets whose values were put in. */
  readonly secrets?: readonly string[];
  /** Names of the secrets whose placeholders were where their values may not go; they went as they were. */
  readonly misplaced?: readonly string[];
}

/** A place that a task did not reach, for a report. */
export interface RefusedSend {
  /** `HOST:PORT`, or the name that was looked up. */
  readonly place: string;
  readonly times: number;
  readonly reason: string;
}
