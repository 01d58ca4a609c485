import type { Send, SendResult } from "../../src/core/send.js";
import { judgeSend } from "../../src/policy/network/judge-send.js";
import { mayResolve } from "../../src/policy/network/may-resolve.js";
import { type ParsedRule, parseHostRule } from "../../src/policy/network/parse-host-rule.js";
import type { HostRule, NetworkPolicy } from "../../src/core/send.js";
import type { SandboxGateway } from "../../src/engine/engine.js";
import type { Gateway, GatewayOptions, GatewayPorts } from "../../src/network/gateway.js";
import { openGateway } from "../../src/network/open-gateway.js";
import { findFreePorts, openDescriptors } from "./inside-sockets.js";

/** A gateway that serves sockets of this host's loopback as though they were a sandbox's. */
export interface GatewayCase extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly ports: GatewayPorts;
  /** `http://127.0.0.1:PORT` */
  readonly proxy: string;
  /** What has ended, in order. */
  readonly ended: readonly EndedSend[];
  readonly malformed: readonly string[];
  readonly refusedLookups: readonly string[];
  /** Resolves with the next send that ends, or has ended and was not taken yet. */
  nextEnd(): Promise<EndedSend>;
}

interface EndedSend extends Send {
  readonly result: SendResult;
}

export interface CaseOptions extends Partial<GatewayOptions> {
  /** As `--allow` takes them, or whole rules. */
  readonly allow?: readonly (string | HostRule)[];
  readonly mode?: NetworkPolicy["mode"];
  readonly inspect?: readonly string[];
  /** Addresses by name; other names do not resolve. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
}

/** Opens one that decides by `allow`; the names in it are private, because all servers of tests are on the loopback. */
export async function openCase(options: CaseOptions = {}): Promise<GatewayCase> {
  const { allow = [], mode = "allowlist", inspect = [], hosts = {} } = options;
  const policy: NetworkPolicy = { mode, allow: allow.map(toRule), inspect };
  const [http = 0, socks = 0, dns = 0, plain = 0, tls = 0] = findFreePorts(5);
  const ports = { http, socks, dns, plain, tls, ...options.ports };
  const ended: EndedSend[] = [];
  const malformed: string[] = [];
  const refusedLookups: string[] = [];
  const untaken: EndedSend[] = [];
  const waiting: ((send: EndedSend) => void)[] = [];
  const gateway = openGateway({
    decide: async (send) => judgeSend(policy, send),
    onEnd: (send, result) => {
      const end = { ...send, result };
      ended.push(end);
      const take = waiting.shift();
      if (take === undefined) untaken.push(end);
      else take(end);
    },
    mayResolve: (name) => mayResolve(policy, name),
    onMalformed: (via, reason) => malformed.push(`${via}: ${reason}`),
    onRefusedLookup: ({ name, type }) => refusedLookups.push(`${type} ${name}`),
    directPorts: [],
    forbidden: [],
    lookup: async (name) => hosts[name] ?? notFound(name),
    ...options,
    ports,
  });
  const toEngine: SandboxGateway = gateway;
  toEngine.adopt(openDescriptors(gateway.listeners));
  return {
    gateway,
    ports,
    proxy: `http://127.0.0.1:${ports.http}`,
    ended,
    malformed,
    refusedLookups,
    nextEnd: async () =>
      untaken.shift() ?? (await new Promise<EndedSend>((resolve) => waiting.push(resolve))),
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

function toRule(written: string | HostRule): HostRule {
  if (typeof written !== "string") return written;
  const parsed: ParsedRule = parseHostRule(written);
  if ("problem" in parsed) throw new Error(`${written}: ${parsed.problem}`);
  return { ...parsed.rule, private: true };
}

function notFound(name: string): never {
  throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" });
}
