import { isSecretName } from "../../core/mask-secrets.js";
import type { NetworkPolicy } from "../../core/send.js";
import { renderGitCredentials } from "../../policy/network/parse-git-credentials.js";
import { renderSshAgent } from "../../policy/network/parse-ssh-agent.js";
import { renderHostRule } from "../../policy/network/render-host-rule.js";
import type { RunFacts } from "../gather-facts.js";
import type { ExecRequest, RunRequest } from "../run-request.js";
import type { AskedScope } from "./asked-scope.js";

type HostEnv = Readonly<Record<string, string | undefined>>;

/** The scope of a `run`: which file its program is, what it is given and what it may see. */
export function toRunScope(
  request: RunRequest,
  { facts, network }: { readonly facts: RunFacts; readonly network: NetworkPolicy | undefined },
  hostEnv: HostEnv,
): AskedScope {
  const { engine, runtime, image, timeout, memory, cpus, pids, upper } = request;
  return toScope(
    {
      program: facts.tool.path,
      readOnly: facts.readOnly,
      hidden: facts.hide.map((hidden) => hidden.path),
      scratch: request.scratch,
      tools: [...facts.tool.prefixes, ...facts.toolPrefixes],
      ...(network === undefined ? {} : toNetworkScope(network)),
      ...{ engine, runtime, image, timeout, memory, cpus, pids, upper },
    },
    request.env,
    hostEnv,
  );
}

function toNetworkScope(network: NetworkPolicy) {
  const { mode, allow, inspect, sshAgent = [], gitCredentials = [] } = network;
  return {
    ...{ network: mode, allow: allow.map(renderHostRule), inspect },
    sshAgent: sshAgent.map(renderSshAgent),
    gitCredentials: gitCredentials.map(renderGitCredentials),
  };
}

/** The scope of an `exec`: that of its session stands, and the approval is of that session. */
export function toExecScope(
  { env, timeout }: ExecRequest,
  program: string,
  hostEnv: HostEnv,
): AskedScope {
  return toScope({ program, timeout }, env, hostEnv);
}

/** What is not there is not shown. */
function toScope(
  parts: { readonly [key: string]: string | readonly string[] | undefined },
  env: readonly string[],
  hostEnv: HostEnv,
): AskedScope {
  const whole = env.map((text) => (text.includes("=") ? text : `${text}=${hostEnv[text] ?? ""}`));
  const shown = Object.entries({ ...parts, env: whole.map(maskVariable) }).flatMap(
    ([name, value]) => (value === undefined || value.length === 0 ? [] : [[name, value] as const]),
  );
  return { shown: Object.fromEntries(shown), env: whole };
}

function maskVariable(text: string): string {
  const name = text.slice(0, text.indexOf("="));
  return isSecretName(name) ? `${name}=[masked]` : text;
}
