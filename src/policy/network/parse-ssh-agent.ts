import { renderPlace } from "../../core/render-place.js";
import type { SshAgentRule } from "../../core/send.js";
import { parseHostRule, parseRuleHost } from "./parse-host-rule.js";

/** An entry of `ssh_agent`, as written: text as `--ssh-agent` takes it, or a mapping. */
export type WrittenSshAgent =
  | string
  | {
      readonly host: string;
      readonly port?: number | undefined;
      readonly users?: readonly string[] | undefined;
      readonly keys?: readonly string[] | undefined;
      readonly host_keys?: readonly string[] | undefined;
      readonly decision?: "allow" | "ask" | undefined;
    };

const SSH_PORT = 22;

/** Parses an entry whose types are right already: `HOST[:PORT]`, one host, at port 22 where it names none. */
export function parseSshAgent(
  written: WrittenSshAgent,
): { readonly rule: SshAgentRule } | { readonly problem: string } {
  if (typeof written === "string") {
    const parsed = parseHostRule(written);
    if ("problem" in parsed) return parsed;
    const { host, ports: [port = SSH_PORT] = [] } = parsed.rule;
    return isOne(host) ? { rule: { host, port, decision: "allow" } } : { problem: ONE };
  }
  const host = parseRuleHost(written.host);
  if ("problem" in host) return { problem: `host: ${host.problem}` };
  if (!isOne(host.host)) return { problem: `host: ${ONE}` };
  const { port = SSH_PORT, users, keys, host_keys: hostKeys, decision = "allow" } = written;
  return {
    rule: {
      ...{ host: host.host, port },
      ...(users === undefined ? {} : { users }),
      ...(keys === undefined ? {} : { keys }),
      ...(hostKeys === undefined ? {} : { hostKeys }),
      decision,
    },
  };
}

const ONE = "name one host: each has keys of its own";

function isOne(host: string): boolean {
  return !host.includes("*");
}

/** An entry in one line, for people: `HOST:PORT as git with SHA256:…, asked about`. */
export function renderSshAgent({ host, port, users, keys, decision }: SshAgentRule): string {
  return [
    renderPlace(host, port),
    ...(users === undefined ? [] : [`as ${users.join(", ")}`]),
    ...(keys === undefined ? [] : [`with ${keys.join(", ")}`]),
    ...(decision === "ask" ? ["when asked"] : []),
  ].join(" ");
}
