import type { Readable } from "node:stream";
import { addAbortSignal } from "node:stream";
import { SandboxError } from "../../core/error.js";

/** More than any answer that is not read as a stream. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * Reads a daemon's answer to its end: its JSON, or its bytes where it is none. Rejects where it breaks on the way, and
 * with `sandbox-unavailable` where it is too long. Never stays unsettled once the stream is closed.
 */
export async function readAnswer(
  answer: Readable,
  { doing, abort }: { readonly doing: string; readonly abort: AbortSignal | undefined },
): Promise<unknown> {
  if (abort !== undefined) addAbortSignal(abort, answer);
  const chunks: Buffer[] = [];
  let length = 0;
  // Reading by `for await` rejects for a stream that errs and for one that is closed before its end.
  for await (const chunk of answer) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MOST_BYTES)
      throw new SandboxError(
        "sandbox-unavailable",
        `docker cannot ${doing}: the daemon's answer has no end`,
      );
  }
  const bytes = Buffer.concat(chunks);
  return parseJson(bytes.toString()) || bytes;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
