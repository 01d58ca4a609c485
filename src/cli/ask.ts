import { createInterface } from "node:readline/promises";
import { setTimeout as delay } from "node:timers/promises";
import { neutralise } from "../review/neutralise.js";
import { type CliContext, canAsk } from "./cli-context.js";

/** Time for a person to see that the question is ours. */
const SETTLE_MS = 300;

/**
 * Asks a person on the terminal; what was answered, trimmed and in lower case. An end of input is `""`. Keys that were
 * typed before the question could be read are thrown away: they answered something a task had asked.
 */
export async function ask(context: CliContext, question: string): Promise<string> {
  return (await askLine(context, question)) ?? "";
}

/** As `ask`; undefined where the input has ended, or Ctrl-C was typed. */
export async function askLine(context: CliContext, question: string): Promise<string | undefined> {
  await delay(SETTLE_MS);
  await context.flushInput();
  const reader = createInterface({ input: context.stdin, output: context.stderr, terminal: true });
  try {
    const closed = new Promise<undefined>((resolve) => {
      reader.once("close", () => resolve(undefined));
    });
    const answer = await Promise.race([reader.question(question), closed]);
    return answer?.trim().toLowerCase();
  } finally {
    reader.close();
    context.stdin.pause();
  }
}

/** Asks a person a question of yes or no; undefined where nobody is there, or where a program reads what is written. */
export function toApprove(
  context: CliContext,
  json: boolean,
): ((question: string) => Promise<boolean>) | undefined {
  if (json || !canAsk(context)) return undefined;
  return async (question) => /^y(?:es)?$/.test(await ask(context, neutralise(question)));
}
