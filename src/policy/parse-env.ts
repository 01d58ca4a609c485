import { SandboxError } from "../core/error.js";

/** Variables by name. */
export type Env = Readonly<Record<string, string>>;
/** Variables of the host's environment. */
export type HostEnv = Readonly<Record<string, string | undefined>>;

/**
 * What passes without being asked for: how the terminal looks, which language and which clock. No secrets, no paths. A `*`
 * at the end stands for capital letters, digits and underscores.
 */
export const PASSED: readonly string[] = [
  "TERM",
  "COLORTERM",
  "NO_COLOR",
  "FORCE_COLOR",
  "CLICOLOR",
  "CLICOLOR_FORCE",
  "LANG",
  "LANGUAGE",
  "TZ",
  "LC_*",
];

/** The variables of the host that a task gets: those that `names` (of a profile, else the built-in list) have. */
export function toPassedEnv(host: HostEnv, names: readonly string[] = PASSED): Env {
  const whole = new Set(names);
  const beginnings = names.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(host))
    if (value !== undefined && (whole.has(name) || beginnings.some((text) => begins(name, text))))
      passed[name] = value;
  return passed;
}

function begins(name: string, text: string): boolean {
  return name.startsWith(text) && /^[A-Z0-9_]+$/.test(name.slice(text.length));
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
