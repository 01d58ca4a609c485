import type { Controller } from "../controller/controller.js";
import { neutraliseContent } from "../review/neutralise.js";
import type { CliContext } from "./cli-context.js";

type Pieces = ReturnType<Controller["store"]["readOutput"]>;

/**
 * Replays what a task wrote, each piece to the stream it went to. On a terminal it is neutralised: it may
 * hold escape sequences that nobody watches any more.
 */
export async function writeOutput(context: CliContext, pieces: Pieces): Promise<void> {
  for (const { stream, bytes } of pieces) {
    const target = stream === "stdout" ? context.stdout : context.stderr;
    const data =
      target.isTTY === true ? neutraliseContent(Buffer.from(bytes).toString("utf8")) : bytes;
    if (!target.write(data)) await new Promise((resolve) => target.once("drain", resolve));
  }
}
