import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** What a client program did. */
export interface ClientRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, with none of this machine's proxy variables. */
export async function runClient(
  [file = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ClientRun> {
  const child = spawn(file, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], ...env },
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** curl, quiet, that gives up after ten seconds. */
export function curl(...args: readonly string[]): Promise<ClientRun> {
  return runClient(["curl", "-sS", "--max-time", "10", ...args]);
}
