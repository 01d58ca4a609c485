import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";

/** Where a hook's program is looked for: never on a PATH that leads into a workspace. */
export const HOOK_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Starts a person's own program without a shell, `input` on its standard input, and waits for its end or for `timeoutMs`, when it is
 * ended. What it writes goes nowhere. Returns what went wrong, or undefined.
 */
export async function runHook(
  argv: readonly string[],
  o: { readonly input: string; readonly timeoutMs: number },
): Promise<string | undefined> {
  const [name = "", ...args] = argv;
  const program = findHook(name);
  if (program === undefined) return `${name}: there is no such program in ${HOOK_PATH}`;
  const child = spawn(program, args, {
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
    env: { ...process.env, PATH: HOOK_PATH },
    timeout: o.timeoutMs,
    killSignal: "SIGKILL",
  });
  // One that does not read its input is none the worse for it.
  child.stdin.on("error", () => undefined);
  child.stdin.end(o.input);
  return await new Promise((resolve) => {
    child.once("error", (error) => resolve(`${name}: ${error.message}`));
    child.once("exit", (code, signal) => {
      if (code === 0) resolve(undefined);
      else resolve(`${name}: ${signal === null ? `exit ${code ?? ""}` : `ended by ${signal}`}`);
    });
  });
}

function findHook(name: string): string | undefined {
  if (path.isAbsolute(name)) return isProgram(name) ? name : undefined;
  if (name.includes("/")) return undefined;
  return HOOK_PATH.split(":")
    .map((directory) => path.join(directory, name))
    .find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
