import type { OnReadOpts, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { GatewayContext } from "./gateway-context.js";
import { isCrowded, toBufferSize } from "./to-buffer-size.js";

type TapContext = Pick<GatewayContext, "scratch" | "openSends">;

/**
 * What comes on a connection to a server of HTTP: it is read as a stream, by whoever parses it, until the rest of a body is poured: those bytes
 * go past every parser.
 */
export interface Tap {
  /** For the connection, when it is made. */
  readonly onread: OnReadOpts;
  bind(socket: Socket): void;
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

/** The next read may overwrite a chunk: there is none before the client's socket has taken all of it. */
function openPouring({ from, client, bytes }: Pour, done: () => void): Take {
  let left = bytes;
  let isWaiting = false;
  const onTaken = (): void => {
    if (!isWaiting || client.writableLength > 0) return;
    isWaiting = false;
    from.resume();
  };
  return (chunk) => {
    // Its end is heard by whoever serves it.
    if (left === 0 || !client.writable) return false;
    // What a server sends beyond the length that it told belongs to nothing.
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= part.length;
    client.write(part, onTaken);
    if (left === 0) {
      done();
      return false;
    }
    isWaiting = client.writableLength > 0;
    return !isWaiting;
  };
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** As Node's own client says it. */
function toCut(): Error {
  return Object.assign(new Error("aborted"), { code: "ECONNRESET" });
}
