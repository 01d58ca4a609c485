import type { Socket } from "node:net";
import type { ReadHook } from "./connect.js";
import { openWholeWriter } from "./write-whole.js";

/** What passes a connection's bytes on to a client without making a buffer for each read. */
export interface RawSink extends ReadHook {
  /** Bytes that came so far. */
  readonly received: () => number;
}

/** A sink with one buffer of `size` bytes, which the next read may overwrite. */
export function openRawSink(client: Socket, size: number): RawSink {
  let received = 0;
  let from: Socket | undefined;
  const write = openWholeWriter(client);
  return {
    onread: {
      buffer: Buffer.allocUnsafeSlow(size),
      callback: (length, buffer) => {
        received += length;
        if (!client.writable) return true;
        return write(buffer.subarray(0, length), from);
      },
    },
    received: () => received,
    bind: (socket) => {
      from = socket;
    },
  };
}
