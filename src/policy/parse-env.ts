import { SandboxError } from "../core/error.js";

/** Variables by name. */
export type Env = Readonly<Record<string, string>>;
/** Variables of the host's environment. */
export type HostEnv = Readonly<Record<string, string | undefined>>;

/** What passes without being asked for: how the terminal looks, which language and which clock. No secrets, no paths. */
const PASSED: ReadonlySet<string> = new Set([
  "TERM",
  "COLORTERM",
  "NO_COLOR",
  "FORCE_COLOR",
  "CLICOLOR",
  "CLICOLOR_FORCE",
  "LANG",
  "LANGUAGE",
  "TZ",
]);

/** The variables of the host that every task gets. */
export function toPassedEnv(host: HostEnv): Env {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(host))
    if (value !== undefined && (PASSED.has(name) || /^LC_[A-Z]+$/.test(name))) passed[name] = value;
  return passed;
}

/**
 * The variables that `--env NAME=VALUE` sets and `--env NAME` takes from the host; the last of a name counts. Throws
 * `usage` for what is no name, and for one the host has not: an agent that starts without its key is found out late.
 */
export function parseEnv(texts: readonly string[], host: HostEnv): Env {
  const env: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const text of texts) {
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new SandboxError("usage", `--env ${JSON.stringify(text)}: not NAME or NAME=VALUE`, {
        hint: "a name is letters, digits and underscores, and does not begin with a digit",
      });
    env[name] = equals < 0 ? takeFromHost(name, host) : text.slice(equals + 1);
  }
  return { ...env };
}

function takeFromHost(name: string, host: HostEnv): string {
  const value = Object.hasOwn(host, name) ? host[name] : undefined;
  if (value !== undefined) return value;
  throw new SandboxError("usage", `--env ${name}: the variable is not set here`, {
    hint: `set it, or give a value: --env ${name}=VALUE`,
  });
}
