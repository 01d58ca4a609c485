import type { Duplex, Readable } from "node:stream";

/** Writes a chunk. False: the client has not taken all of it, and its source, if it has more, must not be read before it is resumed. */
export type WriteWhole = (chunk: Uint8Array, source: Readable | undefined) => boolean;

/**
 * For chunks of a buffer that the next read may overwrite: there is none before the client's socket has taken all of the one before, either at once,
 * as is usual, or when it says so. Then the source is resumed.
 */
export function openWholeWriter(client: Duplex): WriteWhole {
  let waiting: Readable | undefined;
  const onTaken = (): void => {
    if (client.writableLength > 0) return;
    const source = waiting;
    waiting = undefined;
    source?.resume();
  };
  return (chunk, source) => {
    client.write(chunk, onTaken);
    const isTaken = client.writableLength === 0;
    waiting = isTaken ? undefined : source;
    return isTaken;
  };
}
