import { spawn } from "node:child_process";
import { once } from "node:events";
import { quote } from "./attack-script.js";

/** What a program did, with the beginning of what it said. */
export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

const MOST_BYTES = 8 << 20;

/** How a program is run. */
interface CaptureOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Runs it in a terminal of its own (script(1)), on which nobody types. */
  readonly terminal: boolean;
}

/** Runs a program to its end; what it says beyond the first mebibytes is read and dropped. */
export async function runCaptured(
  argv: readonly string[],
  options: CaptureOptions,
): Promise<Captured> {
  const [file = "true", ...rest] = options.terminal
    ? ["script", "-qec", argv.map(quote).join(" "), "/dev/null"]
    : argv;
  const start = performance.now();
  const child = spawn(file, rest, {
    cwd: options.cwd,
    env: options.env,
    stdio: [options.terminal ? "pipe" : "ignore", "pipe", "pipe"],
    timeout: options.timeoutMs,
    killSignal: "SIGKILL",
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.on("data", (chunk: Buffer) => {
      if (said[name].length < MOST_BYTES) said[name] += chunk.toString("latin1");
    });
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? 137, ...said, durationMs: performance.now() - start };
}
