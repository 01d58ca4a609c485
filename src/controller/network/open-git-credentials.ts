import { SandboxError } from "../../core/error.js";
import type { OpenSecret } from "../../core/open-secret.js";
import type { GitCredentialRule, NetworkPolicy } from "../../core/send.js";
import { toGitPlace } from "../../policy/network/parse-git-credentials.js";
import type { Controller } from "../controller.js";
import { randomText } from "./random-text.js";
import { refuseUnreachable } from "./refuse-unreachable.js";

/** A helper may ask a person, or unlock a keyring. */
const FILL_MS = 60_000;
const PLACEHOLDER_LENGTH = 32;

/** What a task's git is given. */
export interface OpenGitCredentials {
  readonly secrets: readonly OpenSecret[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Asks the person's own git for the credentials of each host that the network names, and gives the task's git placeholders for them. Throws `usage` naming
 * the host that is not allowed, or for which git has none; never with a value.
 */
export async function openGitCredentials(
  controller: Pick<Controller, "env" | "host">,
  network: NetworkPolicy,
): Promise<OpenGitCredentials> {
  const { gitCredentials: rules = [] } = network;
  if (rules.length === 0) return { secrets: [], env: {} };
  const secrets: OpenSecret[] = [];
  const settings: string[] = [];
  for (const rule of rules) {
    refuseUnreachable(network, "git_credentials", rule);
    const [user, password] = toSecrets(rule, await fill(controller, rule));
    secrets.push(user, password);
    const key = `credential.${toUrl(rule)}.helper`;
    const says = `echo username=${user.placeholder}; echo password=${password.placeholder}`;
    // The first takes away the helpers of other files: no other is asked.
    settings.push(`${key}=`, `${key}=!f() { test "$1" = get || exit 0; ${says}; }; f`);
  }
  return {
    secrets,
    env: {
      GIT_TERMINAL_PROMPT: "0",
      // As `git -c` hands it to other git programs: beside all that is configured otherwise.
      GIT_CONFIG_PARAMETERS: settings.map(quote).join(" "),
    },
  };
}

function toUrl(rule: GitCredentialRule): string {
  return `${rule.scheme}://${toGitPlace(rule)}`;
}

interface Credential {
  readonly username: string;
  readonly password: string;
}

/**
 * `git credential fill`, outside any repository and with nothing of git's in the environment: only the person's and the machine's own configuration says which
 * helper is asked. It asks nobody at a terminal.
 */
async function fill(
  { env, host }: Pick<Controller, "env" | "host">,
  rule: GitCredentialRule,
): Promise<Credential> {
  const own = Object.entries(env).filter(([name]) => !/^(?:GIT_|SSH_ASKPASS)/.test(name));
  const safe = { GIT_DIR: "/dev/null", GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "", LC_ALL: "C" };
  const url = toUrl(rule);
  const input = `protocol=${rule.scheme}\nhost=${toGitPlace(rule)}\n\n`;
  const said = await host
    .runForOutput(["git", "credential", "fill"], FILL_MS, {
      input,
      env: { ...Object.fromEntries(own), ...safe },
    })
    .catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw refusal(url, why);
    });
  const lines = new Map(said.split("\n").map((line) => splitLine(line)));
  const [username = "", password = ""] = [lines.get("username"), lines.get("password")];
  if (password === "") throw refusal(url, "no password");
  // Basic credentials (RFC 7617) are split at the first colon.
  if (/[\p{Cc}:]/u.test(username) || /\p{Cc}/u.test(password))
    throw refusal(url, "a user or password that HTTP cannot carry");
  return { username, password };
}

function splitLine(line: string): readonly [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}

function refusal(url: string, why: string): SandboxError {
  return new SandboxError("usage", `your git has no credentials for ${url}: ${why}`, {
    hint: "a credential helper must know them: git config --global credential.helper, then fetch from there once",
  });
}

function toSecrets(
  rule: GitCredentialRule,
  { username, password }: Credential,
): readonly [OpenSecret, OpenSecret] {
  const { scheme, access, host, port, paths } = rule;
  const shared = {
    hosts: [{ host, ports: [port], ...(paths === undefined ? {} : { paths }) }],
    places: ["basic"],
    git: { scheme, access },
  } as const;
  const make = (name: string, value: string): OpenSecret => ({
    ...shared,
    name: `git ${name} of ${toUrl(rule)}`,
    value,
    placeholder: randomText(PLACEHOLDER_LENGTH).slice(0, PLACEHOLDER_LENGTH),
  });
  return [make("user", username), make("password", password)];
}

/** As git's own `sq_quote` does. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
