import type { Socket } from "node:net";
import type { ReadHook } from "./connect.js";

/** What passes a connection's bytes on to a client without making a buffer for each read. */
export interface RawSink extends ReadHook {
  /** Bytes that came so far. */
  readonly received: () => number;
}

/**
 * A sink with one buffer of `size` bytes. The next read may overwrite it, so there is none before the client's socket has taken all of the one
 * before: either at once, as is usual, or when it says so.
 */
export function openRawSink(client: Socket, size: number): RawSink {
  let received = 0;
  let from: Socket | undefined;
  let isWaiting = false;
  const onTaken = (): void => {
    if (!isWaiting || client.writableLength > 0) return;
    isWaiting = false;
    from?.resume();
  };
  return {
    onread: {
      buffer: Buffer.allocUnsafeSlow(size),
      callback: (length, buffer) => {
        received += length;
        if (!client.writable) return true;
        client.write(buffer.subarray(0, length), onTaken);
        isWaiting = client.writableLength > 0;
        return !isWaiting;
      },
    },
    received: () => received,
    bind: (socket) => {
      from = socket;
    },
  };
}
