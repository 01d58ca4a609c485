import { SandboxError } from "../../core/error.js";
import type { Profile, ProfileNetwork } from "../../core/profile.js";
import { renderPlace } from "../../core/render-place.js";
import type { HostRule, NetworkPolicy } from "../../core/send.js";
import { listInspected } from "./list-inspected.js";
import { parseGitCredentials } from "./parse-git-credentials.js";
import { parseHostRule } from "./parse-host-rule.js";
import { parseSshAgent } from "./parse-ssh-agent.js";

/** What `--network`, `--allow`, `--ssh-agent` and `--git-credentials` say. */
export interface NetworkTexts {
  readonly network?: string | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly sshAgent?: readonly string[] | undefined;
  readonly gitCredentials?: readonly string[] | undefined;
}

const MODES = ["none", "allowlist", "open"] as const;

type Asked = Pick<Profile, "network" | "secrets" | "home" | "ssh_agent" | "git_credentials">;

/**
 * The network of a run: what the profile says, its mode replaced by `--network`, its hosts and those of `--allow` together. `--allow` by itself is an
 * allowlist, and who names a host for credentials lets it be reached. Undefined: none. Throws `usage` naming the option that is wrong, and for credentials of a
 * profile that has no network.
 */
export function resolveNetwork(texts: NetworkTexts, asked: Asked): NetworkPolicy | undefined {
  const { network, allow = [], sshAgent = [], gitCredentials = [] } = texts;
  const agent = sshAgent.map((text) => parseOption("--ssh-agent", text, parseSshAgent));
  const git = gitCredentials.map((text) =>
    parseOption("--git-credentials", text, parseGitCredentials),
  );
  const hosts = [
    ...allow.map((text) => parseOption("--allow", text, parseHostRule)),
    ...[...agent, ...git].map(({ host, port }) => ({ host, ports: [port] })),
  ];
  const mode = chooseMode(network, { profile: asked.network.mode, hasHosts: hosts.length > 0 });
  const credentials = {
    ssh_agent: [...(asked.ssh_agent ?? []), ...agent],
    git_credentials: [...(asked.git_credentials ?? []), ...git],
  };
  if (mode === "none") {
    refuseHosts(texts, hosts);
    if (network === undefined) refuseCredentials(credentials);
    return undefined;
  }
  const { ssh_agent, git_credentials } = credentials;
  return {
    mode,
    allow: [...asked.network.allow, ...hosts],
    inspect: listInspected({ ...asked, git_credentials }),
    ...(ssh_agent.length === 0 ? {} : { sshAgent: ssh_agent }),
    ...(git_credentials.length === 0 ? {} : { gitCredentials: git_credentials }),
  };
}

function refuseHosts({ allow = [] }: NetworkTexts, hosts: readonly HostRule[]): void {
  if (hosts.length === 0) return;
  const option = allow.length > 0 ? "--allow" : "an option";
  throw new SandboxError("usage", `${option} names a host, and --network none has no network`, {
    hint: "leave out --network none: --allow by itself is an allowlist",
  });
}

/** Written in a profile and never of use: it was meant otherwise. */
function refuseCredentials({
  ssh_agent: [agent],
  git_credentials: [git],
}: Required<Pick<Asked, "ssh_agent" | "git_credentials">>): void {
  const named = agent ?? git;
  if (named === undefined) return;
  const key = agent === undefined ? "git_credentials" : "ssh_agent";
  const place = renderPlace(named.host, named.port);
  throw new SandboxError("usage", `${key} names ${place}, and the profile has no network`, {
    hint: `add network: {mode: allowlist, allow: ["${place}"]}, or --allow ${place}`,
  });
}

function chooseMode(
  text: string | undefined,
  otherwise: { readonly profile: ProfileNetwork["mode"]; readonly hasHosts: boolean },
): ProfileNetwork["mode"] {
  if (text === undefined)
    return otherwise.profile === "none" && otherwise.hasHosts ? "allowlist" : otherwise.profile;
  const mode = MODES.find((one) => one === text);
  if (mode !== undefined) return mode;
  throw new SandboxError("usage", `--network: none, allowlist or open, not ${text}`);
}

function parseOption<Rule>(
  option: string,
  text: string,
  parse: (text: string) => { readonly rule: Rule } | { readonly problem: string },
): Rule {
  const parsed = parse(text);
  if ("rule" in parsed) return parsed.rule;
  throw new SandboxError("usage", `${option} ${JSON.stringify(text)}: ${parsed.problem}`);
}
