import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ReadHook } from "./connect.js";
import type { GatewayContext } from "./gateway-context.js";
import { isCrowded, toBufferSize } from "./to-buffer-size.js";
import { openWholeWriter } from "./write-whole.js";

type TapContext = Pick<GatewayContext, "scratch" | "openSends">;

/**
 * What comes on a connection to a server of HTTP: it is read as a stream, by whoever parses it, until the rest of a body is poured: those bytes
 * go past every parser.
 */
export interface Tap extends ReadHook {
  /**
   * Writes the next `bytes` that come to `client`, no faster than it takes them, and closes the connection, which nobody can parse any more.
   * The stream's own buffer must be empty. Rejects where it ends before.
   */
  pour(client: Duplex, bytes: number): Promise<void>;
}

/** Takes what comes; false: no more now. */
type Take = (chunk: Buffer) => boolean;

/** Of a read: so much comes from a server that has more. */
const LARGE = 1 << 15;

/**
 * Opens one. `scratch` is what all of them read into while their bytes are copied at once, so that a connection that waits has no buffer of its
 * own.
 */
export function openTap({ scratch, openSends }: TapContext): Tap {
  let socket: Socket | undefined;
  let buffer = scratch();
  let take: Take = (chunk) => {
    const isLarge = chunk.length >= LARGE;
    const given = isLarge && buffer !== scratch() ? chunk : Buffer.from(chunk);
    buffer =
      isLarge && !isCrowded({ openSends })
        ? Buffer.allocUnsafeSlow(toBufferSize({ openSends }))
        : scratch();
    return socket?.push(given) ?? false;
  };
  return {
    onread: {
      buffer: () => buffer,
      callback: (length, read) => take(toBuffer(read).subarray(0, length)),
    },
    bind: (made) => {
      socket = made;
    },
    pour: (client, bytes) =>
      new Promise((resolve, reject) => {
        const from = socket;
        if (from === undefined || from.destroyed || from.readableEnded) return reject(toCut());
        const onClose = (): void => reject(toCut());
        const pouring = openPouring({ from, client, bytes }, () => {
          from.off("close", onClose).destroy();
          resolve();
        });
        from.once("close", onClose);
        // What is read next may be in the buffer of all still.
        take = (chunk) => {
          take = pouring;
          return pouring(Buffer.from(chunk));
        };
        buffer = Buffer.allocUnsafeSlow(toBufferSize({ openSends }));
        from.resume();
        return undefined;
      }),
  };
}

interface Pour {
  readonly from: Socket;
  readonly client: Duplex;
  readonly bytes: number;
}

function openPouring({ from, client, bytes }: Pour, done: () => void): Take {
  let left = bytes;
  const write = openWholeWriter(client);
  return (chunk) => {
    // Its end is heard by whoever serves it.
    if (left === 0 || !client.writable) return false;
    // What a server sends beyond the length that it told belongs to nothing.
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= part.length;
    const isTaken = write(part, left > 0 ? from : undefined);
    if (left > 0) return isTaken;
    done();
    return false;
  };
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** As Node's own client says it. */
function toCut(): Error {
  return Object.assign(new Error("aborted"), { code: "ECONNRESET" });
}
