import { execFile } from "node:child_process";
import { SandboxError } from "../core/error.js";
import { HOOK_PATH } from "./run-hook.js";

const MOST_BYTES = 64 * 1024;

/**
 * What a person's own program prints, without a shell; it is ended after `timeoutMs`. Without `input` it has none, without `env` this process's. Throws `usage`,
 * never with what it printed.
 */
export async function runForOutput(
  argv: readonly string[],
  timeoutMs: number,
  o: {
    readonly input?: string;
    readonly env?: Readonly<Record<string, string | undefined>>;
  } = {},
): Promise<string> {
  const [program = "", ...args] = argv;
  const env = { ...(o.env ?? process.env), PATH: HOOK_PATH };
  return await new Promise((resolve, reject) => {
    const options = { cwd: "/", env, timeout: timeoutMs, maxBuffer: MOST_BYTES } as const;
    const child = execFile(
      program,
      args,
      { ...options, killSignal: "SIGKILL" },
      (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(new SandboxError("usage", `${program}: ${toReason(error)}`));
      },
    );
    // One that does not read its input is none the worse for it.
    child.stdin?.on("error", () => undefined).end(o.input ?? "");
  });
}

function toReason(error: { readonly code?: unknown; readonly killed?: boolean }): string {
  if (error.code === "ENOENT") return `there is no such program in ${HOOK_PATH}`;
  if (error.killed === true) return "it took too long, or printed too much";
  return `it failed (exit ${String(error.code)})`;
}
