import { SandboxError } from "../../core/error.js";
import type { Profile, ProfileNetwork } from "../../core/profile.js";
import type { HostRule, NetworkPolicy } from "../../core/send.js";
import { listInspected } from "./list-inspected.js";
import { parseHostRule } from "./parse-host-rule.js";

/** What `--network` and `--allow` say. */
export interface NetworkTexts {
  readonly network?: string | undefined;
  readonly allow?: readonly string[] | undefined;
}

const MODES = ["none", "allowlist", "open"] as const;

/**
 * The network of a run: what the profile says, its mode replaced by `--network`, its hosts and those of `--allow` together. `--allow` by itself is an
 * allowlist. Undefined: none. Throws `usage` naming the option that is wrong.
 */
export function resolveNetwork(
  { network, allow = [] }: NetworkTexts,
  asked: Pick<Profile, "network" | "secrets" | "home">,
): NetworkPolicy | undefined {
  const { network: profile } = asked;
  const mode = chooseMode(network, { profile: profile.mode, hasHosts: allow.length > 0 });
  const hosts = allow.map(parseAllowed);
  if (mode !== "none")
    return { mode, allow: [...profile.allow, ...hosts], inspect: listInspected(asked) };
  if (hosts.length === 0) return undefined;
  throw new SandboxError("usage", "--allow names a host, and --network none has no network", {
    hint: "leave out --network none: --allow by itself is an allowlist",
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

function parseAllowed(text: string): HostRule {
  const parsed = parseHostRule(text);
  if ("rule" in parsed) return parsed.rule;
  throw new SandboxError("usage", `--allow ${JSON.stringify(text)}: ${parsed.problem}`);
}
