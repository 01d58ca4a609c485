import { writeFileSync } from "node:fs";
import path from "node:path";
import type { AgentPlace } from "../../network/agent/agent-policy.js";
import { toKnownHosts } from "../../network/agent/known-hosts.js";

/** Where ssh looks for the keys of hosts, for every user (ssh_config(5), GlobalKnownHostsFile). */
export const KNOWN_HOSTS_FILE = "/etc/ssh/ssh_known_hosts";

/** The servers that a session's task may log in at, by their keys; `dir` is the session's. */
export function toKnownHostsFile(dir: string): string {
  return path.join(dir, "known_hosts");
}

/** Writes it. Readable for the task. */
export function writeKnownHosts(dir: string, places: readonly AgentPlace[]): void {
  const text = places.map(({ rule, hostKeys }) => toKnownHosts(rule, hostKeys)).join("");
  writeFileSync(toKnownHostsFile(dir), text, { mode: 0o644 });
}
