import { createInterface } from "node:readline/promises";
import type { CliContext } from "./cli-context.js";

/** Asks a person on the terminal; what was answered, trimmed and in lower case. An end of input is `""`. */
export async function ask(context: CliContext, question: string): Promise<string> {
  const reader = createInterface({ input: context.stdin, output: context.stderr, terminal: true });
  try {
    const closed = new Promise<string>((resolve) => reader.once("close", () => resolve("")));
    const answer = await Promise.race([reader.question(question), closed]);
    return answer.trim().toLowerCase();
  } finally {
    reader.close();
    context.stdin.pause();
  }
}
