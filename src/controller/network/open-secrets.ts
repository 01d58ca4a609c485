import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { hasErrno, SandboxError } from "../../core/error.js";
import type { OpenSecret } from "../../core/open-secret.js";
import type { Profile, SecretSource } from "../../core/profile.js";
import { toPlaceholder } from "../../policy/network/to-placeholder.js";
import type { Controller } from "../controller.js";
import { randomText } from "./random-text.js";

const COMMAND_MS = 30_000;
const MOST_BYTES = 64 * 1024;

/**
 * Reads the secrets of a profile from where they are on this host, and gives each a placeholder of its own. Throws `usage` naming the secret whose source is
 * missing or of no use; never with a value.
 */
export async function openSecrets(
  controller: Pick<Controller, "env" | "host">,
  { secrets = {} }: Pick<Profile, "secrets">,
): Promise<readonly OpenSecret[]> {
  const open: OpenSecret[] = [];
  for (const [name, rule] of Object.entries(secrets)) {
    const value = await read(controller, name, rule.from);
    if (value !== undefined)
      open.push({
        ...{ name, value, placeholder: toPlaceholder(value, randomText(value.length + 16)) },
        ...{ hosts: rule.hosts, places: rule.in },
      });
    else if (rule.optional !== true)
      throw new SandboxError("usage", `the secret ${name} is not there: ${describe(rule.from)}`, {
        hint: "set it, or mark it `optional: true` in the profile",
      });
  }
  return open;
}

/** The variables that stand for the secrets inside. */
export function toPlaceholderEnv(secrets: readonly OpenSecret[]): Readonly<Record<string, string>> {
  return Object.fromEntries(secrets.map(({ name, placeholder }) => [name, placeholder]));
}

async function read(
  { env, host }: Pick<Controller, "env" | "host">,
  name: string,
  from: SecretSource,
): Promise<string | undefined> {
  if ("env" in from) return toValue(name, env[from.env]);
  if ("file" in from) return toValue(name, readSmall(from.file));
  if ("command" in from) return toValue(name, await host.runForOutput(from.command, COMMAND_MS));
  const words = Object.entries(from.keyring).flat();
  return toValue(name, await host.runForOutput(["secret-tool", "lookup", ...words], COMMAND_MS));
}

/** Without the line feed at its end. Bytes that no header can hold are refused. */
function toValue(name: string, text: string | undefined): string | undefined {
  const value = text?.replace(/\r?\n$/, "");
  if (value === undefined || value === "") return undefined;
  if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) return value;
  throw new SandboxError("usage", `the secret ${name} is not one line of ASCII characters`);
}

function readSmall(file: string): string | undefined {
  let fd: number;
  try {
    // Not a wait for whoever would write to a FIFO.
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    if (hasErrno(error, "EACCES"))
      throw new SandboxError("usage", `a secret's file cannot be read: ${file}`);
    throw error;
  }
  try {
    if (!fstatSync(fd).isFile()) throw new SandboxError("usage", `${file} is no regular file`);
    const buffer = Buffer.alloc(MOST_BYTES);
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, MOST_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

function describe(from: SecretSource): string {
  if ("env" in from) return `the variable ${from.env} is not set here`;
  if ("file" in from) return `${from.file} is missing or empty`;
  if ("command" in from) return `${from.command[0] ?? ""} printed nothing`;
  return `the keyring has no ${Object.values(from.keyring).join(" ")}`;
}
