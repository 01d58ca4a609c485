import type { NetworkPolicy } from "../../core/send.js";
import { renderGitCredentials } from "../../policy/network/parse-git-credentials.js";
import { renderSshAgent } from "../../policy/network/parse-ssh-agent.js";
import { renderHostRule } from "../../policy/network/render-host-rule.js";

/** What a session may reach, a line each; undefined is no network. */
export function describeNetwork(network: NetworkPolicy | undefined): readonly string[] {
  if (network === undefined) return ["none"];
  const hosts = network.allow.map(renderHostRule);
  const { sshAgent = [], gitCredentials = [] } = network;
  const credentials = [
    ...sshAgent.map((rule) => `ssh agent: ${renderSshAgent(rule)}`),
    ...gitCredentials.map((rule) => `git credentials: ${renderGitCredentials(rule)}`),
  ];
  if (network.mode === "open") return ["any public address", ...hosts, ...credentials];
  return [...(hosts.length === 0 ? ["an empty allowlist: nothing"] : hosts), ...credentials];
}
