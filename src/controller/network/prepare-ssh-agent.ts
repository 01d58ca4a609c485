import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";
import type { NetworkPolicy, SshAgentRule } from "../../core/send.js";
import { type AgentPlace, mayUse } from "../../network/agent/agent-policy.js";
import { toFingerprint } from "../../network/agent/host-key.js";
import { findHostKeys, parseKey, parseKnownHosts } from "../../network/agent/known-hosts.js";
import { listIdentities } from "../../network/agent/real-agent.js";
import { renderPlace } from "../../core/render-place.js";
import type { Controller } from "../controller.js";
import { refuseUnreachable } from "./refuse-unreachable.js";

/** What a task's agent is made of. */
export interface PreparedAgent {
  /** The unix socket of the person's own. */
  readonly socket: string;
  readonly places: readonly AgentPlace[];
}

/**
 * Finds the person's agent and the keys of the hosts that the network names. Throws `usage` where there is no agent or it has no key that a rule lets be used,
 * and for a host that is not allowed, or of which no key is known.
 */
export async function prepareSshAgent(
  { env, personHome }: Pick<Controller, "env" | "personHome">,
  network: NetworkPolicy,
): Promise<PreparedAgent | undefined> {
  const { sshAgent: rules = [] } = network;
  if (rules.length === 0) return undefined;
  for (const rule of rules) refuseUnreachable(network, "ssh_agent", rule);
  const socket = env["SSH_AUTH_SOCK"] ?? "";
  if (socket === "")
    throw new SandboxError("usage", "ssh_agent needs an ssh agent: SSH_AUTH_SOCK is not set here", {
      hint: 'eval "$(ssh-agent)" && ssh-add',
    });
  const known = parseKnownHosts(readKnownHosts(personHome));
  const places = rules.map((rule) => ({ rule, hostKeys: toHostKeys(rule, known) }));
  const keys = await listKeys(socket);
  for (const place of places) refuseKeyless(place, keys);
  return { socket, places };
}

function toHostKeys(
  rule: SshAgentRule,
  known: ReturnType<typeof parseKnownHosts>,
): readonly Buffer[] {
  const named = (rule.hostKeys ?? []).flatMap((text) => parseKey(text) ?? []);
  const keys = rule.hostKeys === undefined ? findHostKeys(known, rule) : named;
  if (keys.length > 0) return keys;
  const place = renderPlace(rule.host, rule.port);
  throw new SandboxError("usage", `ssh_agent: no host key of ${place} is known`, {
    hint: "connect to it once with ssh and look at its fingerprint, or name its keys in host_keys",
  });
}

async function listKeys(socket: string): Promise<readonly string[]> {
  try {
    return (await listIdentities(socket)).map(({ blob }) => toFingerprint(blob));
  } catch (cause) {
    throw new SandboxError("usage", `no ssh agent answers at ${socket}`, {
      hint: "SSH_AUTH_SOCK must lead to a running agent: ssh-add -l lists its keys",
      cause,
    });
  }
}

function refuseKeyless(place: AgentPlace, keys: readonly string[]): void {
  if (keys.some((key) => mayUse([place], key))) return;
  const [key] = place.rule.keys ?? [];
  throw new SandboxError(
    "usage",
    key === undefined ? "the ssh agent has no keys" : `the ssh agent does not have the key ${key}`,
    { hint: "ssh-add adds one; ssh-add -l lists them" },
  );
}

const MOST_BYTES = 16 << 20;

/** Those that ssh itself reads (ssh_config(5)). */
function readKnownHosts(home: string): string {
  const own = path.join(home, ".ssh", "known_hosts");
  const system = "/etc/ssh/ssh_known_hosts";
  return [own, `${own}2`, system, `${system}2`].map(readText).join("\n");
}

function readText(file: string): string {
  try {
    const stats = statSync(file);
    if (!stats.isFile()) return "";
    if (stats.size <= MOST_BYTES) return readFileSync(file, "latin1");
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EACCES")) return "";
    throw error;
  }
  throw new SandboxError("usage", `${file} is too large to be read`);
}
