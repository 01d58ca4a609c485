import { closeSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../core/error.js";

/** The program that runs a script: a path, or a name that `env` looks up on PATH. */
export type Interpreter =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "name"; readonly env: string; readonly name: string };

/** Linux reads this much of the first line (BINPRM_BUF_SIZE, execve(2)). */
const FIRST_BYTES = 256;

/** The interpreter that the first line of `file` names; undefined for a program that needs none or that cannot be read. */
export function readShebang(file: string): Interpreter | undefined {
  const match = /^#![ \t]*([^\s]+)(?:[ \t]+([^\n]*))?/.exec(readStart(file));
  const interpreter = match?.[1];
  if (interpreter === undefined || !path.isAbsolute(interpreter)) return undefined;
  if (path.basename(interpreter) !== "env") return { kind: "path", path: interpreter };
  const words = (match?.[2] ?? "").trim().split(/\s+/);
  const name = words.find((word) => word !== "" && !word.startsWith("-") && !word.includes("="));
  if (name === undefined) return { kind: "path", path: interpreter };
  if (path.isAbsolute(name)) return { kind: "path", path: name };
  return { kind: "name", env: interpreter, name };
}

function readStart(file: string): string {
  try {
    const fd = openSync(file, "r");
    try {
      const bytes = Buffer.alloc(FIRST_BYTES);
      return bytes.toString("utf8", 0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (hasErrno(error, "EACCES", "EPERM")) return "";
    throw error;
  }
}
