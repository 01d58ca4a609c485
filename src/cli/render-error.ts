import { isSandboxError, type SandboxError } from "../core/error.js";
import { EXIT_CODES } from "../core/exit-code.js";
import type { CliContext } from "./cli-context.js";
import { toJsonLine } from "./to-json-line.js";

type Streams = Pick<CliContext, "stdout" | "stderr" | "env">;

/**
 * Writes one error as one line (with what it lists and its hint), or as JSON on stdout, and returns the exit code.
 * Names in it come from anywhere: nothing but printable text reaches the terminal.
 */
export async function renderError(
  error: unknown,
  context: Streams,
  json: boolean,
): Promise<number> {
  const { neutralise } = await import("../review/neutralise.js");
  const shown = toShown(error, (text) => neutralise(text.replace(/\s*\n\s*/g, " ")));
  if (json) writeJson(context, shown);
  else writeLines(context, shown);
  if (shown.code === "unexpected" && context.env["SANDBOX_DEBUG"] === "1" && error instanceof Error)
    context.stderr.write(`${error.stack ?? ""}\n`);
  return EXIT_CODES[shown.code];
}

interface Shown {
  readonly code: SandboxError["code"];
  readonly message: string;
  readonly list: readonly string[];
  readonly hint: string | undefined;
}

function toShown(error: unknown, oneLine: (text: string) => string): Shown {
  const message = oneLine(error instanceof Error ? error.message : String(error));
  if (!isSandboxError(error)) return { code: "unexpected", message, list: [], hint: undefined };
  const hint = error.hint === undefined ? undefined : oneLine(error.hint);
  return { code: error.code, message, list: error.list.map(oneLine), hint };
}

function writeJson({ stdout }: Streams, { code, message, list, hint }: Shown): void {
  const error = {
    ...{ code, message },
    ...(list.length === 0 ? {} : { list }),
    ...(hint === undefined ? {} : { hint }),
  };
  stdout.write(toJsonLine({ schema: "error/1", error }));
}

function writeLines({ stderr }: Streams, { message, list, hint }: Shown): void {
  stderr.write(`sandbox: ${message}\n`);
  for (const line of list) stderr.write(`  ${line}\n`);
  if (hint !== undefined) stderr.write(`  hint: ${hint}\n`);
}
