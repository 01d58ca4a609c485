import { lstatSync } from "node:fs";
import { SandboxError } from "../../core/error.js";
import { readTrusted } from "../profile-files.js";

/**
 * What whoever holds a token may do: ask for actions (and then touch only what it began itself), answer questions, or all of it, whoever
 * began it.
 */
export type TokenRole = "submit" | "review" | "all";

/** A token of the service. */
export interface Token {
  readonly name: string;
  readonly role: TokenRole;
  readonly secret: string;
}

const LEAST_CHARACTERS = 32;

/**
 * The tokens in `file`, a line each: `NAME ROLE TOKEN`, the role `submit`, `review` or `all`. Throws `usage` for a file that others can
 * read or write, and for a token that is short.
 */
export function readTokens(file: string, uid: number): readonly Token[] {
  const text = readPrivate(file, uid);
  const tokens = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line, at) => parseToken(line, `${file}, token ${at + 1}`));
  if (tokens.length === 0) throw new SandboxError("usage", `${file}: there is no token in it`);
  if (new Set(tokens.map(({ name }) => name)).size < tokens.length)
    throw new SandboxError("usage", `${file}: two tokens have one name`);
  return tokens;
}

/** The one token in `file`: alone in a line, or the last word of a line as the service has it. Throws `usage`. */
export function readTokenFile(file: string, uid: number): string {
  const words = readPrivate(file, uid).trim().split(/\s+/);
  const secret = words.at(-1) ?? "";
  if ((words.length === 1 || words.length === 3) && secret.length >= LEAST_CHARACTERS)
    return secret;
  throw new SandboxError("usage", `${file}: not one token`);
}

function readPrivate(file: string, uid: number): string {
  const text = readTrusted(file, uid);
  if (text === undefined) throw new SandboxError("usage", `--token-file: there is no ${file}`);
  if ((lstatSync(file).mode & 0o077) === 0) return text;
  throw new SandboxError("usage", `${file}: others can read it`, { hint: `chmod 600 ${file}` });
}

function parseToken(line: string, where: string): Token {
  const [name = "", role, secret = "", ...more] = line.split(/\s+/);
  if (more.length > 0 || !/^[\w.-]{1,64}$/.test(name) || !isRole(role))
    throw new SandboxError("usage", `${where}: not NAME ROLE TOKEN`, {
      hint: "ROLE is submit, review or all; e.g. ann review $(openssl rand -hex 32)",
    });
  if (secret.length >= LEAST_CHARACTERS) return { name, role, secret };
  throw new SandboxError("usage", `${where}: a token has at least ${LEAST_CHARACTERS} characters`);
}

function isRole(text: string | undefined): text is TokenRole {
  return text === "submit" || text === "review" || text === "all";
}
