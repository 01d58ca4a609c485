import { isSandboxError } from "../core/error.js";
import { EXIT_CODES } from "../core/exit-code.js";
import type { CliContext } from "./cli-context.js";

/** Writes one error as one line (and its hint), or as JSON on stdout, and returns the exit code. */
export async function renderError(
  error: unknown,
  context: Pick<CliContext, "stdout" | "stderr" | "env">,
  json: boolean,
): Promise<number> {
  const { neutralise } = await import("../review/neutralise.js");
  const oneLine = (text: string): string => neutralise(text.replace(/\s*\n\s*/g, " "));
  const known = isSandboxError(error);
  const code = known ? error.code : "unexpected";
  const message = oneLine(error instanceof Error ? error.message : String(error));
  const hint = known ? error.hint : undefined;
  if (json) {
    const body = { code, message, ...(hint === undefined ? {} : { hint }) };
    context.stdout.write(`${JSON.stringify({ schema: "error/1", error: body })}\n`);
  } else {
    context.stderr.write(`sandbox: ${message}\n`);
    if (hint !== undefined) context.stderr.write(`  hint: ${oneLine(hint)}\n`);
  }
  if (!known && context.env["SANDBOX_DEBUG"] === "1" && error instanceof Error)
    context.stderr.write(`${error.stack ?? ""}\n`);
  return EXIT_CODES[code];
}
