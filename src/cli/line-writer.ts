import { once } from "node:events";

/** Lines for a stream, gathered into pieces. */
export interface LineWriter {
  /** False where nobody reads any more: then there is no use in going on. */
  write(line: string): Promise<boolean>;
  /** Hands over what was gathered. */
  flush(): Promise<boolean>;
}

const PIECE_CHARACTERS = 1 << 16;

/** Writes no faster than `stream` is read. */
export function openLineWriter(stream: NodeJS.WriteStream): LineWriter {
  let pending = "";
  const flush = async (): Promise<boolean> => {
    const piece = pending;
    pending = "";
    if (piece !== "" && !stream.destroyed && !stream.write(piece)) await drained(stream);
    return !stream.destroyed;
  };
  return {
    flush,
    write: async (line) => {
      pending += `${line}\n`;
      return pending.length < PIECE_CHARACTERS || (await flush());
    },
  };
}

/** Or closed: a reader that went away drains nothing. */
async function drained(stream: NodeJS.WriteStream): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const events = ["drain", "close"].map((event) => once(stream, event, { signal }));
  await Promise.race(events).catch(() => undefined);
  waiting.abort();
  await Promise.allSettled(events);
}
