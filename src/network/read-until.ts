import type { Duplex } from "node:stream";

/** The stream is over, and what came of it. */
export class EndedError extends Error {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    super("closed before its end");
    this.name = "EndedError";
    this.bytes = bytes;
  }
}

/**
 * Reads a paused stream until `end` says how many bytes belong to what is read, and leaves the rest in it. Rejects where the stream ends
 * before (`EndedError`), breaks, or gives more than `most` bytes without an end.
 */
export async function readUntil(
  stream: Duplex,
  end: (bytes: Buffer) => number | undefined,
  most: number,
): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = await readSome(stream);
    if (chunk === undefined) throw new EndedError(bytes);
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const length = end(bytes);
    if (length !== undefined) {
      if (length < bytes.length) stream.unshift(bytes.subarray(length));
      return bytes.subarray(0, length);
    }
    if (bytes.length > most) throw new Error("too much before its end");
  }
}

/** What has come, as soon as something has; undefined at the end. */
function readSome(stream: Duplex): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      stream.off("readable", onReadable).off("end", onEnd).off("error", reject).off("close", onEnd);
      act();
    };
    const onReadable = (): void => {
      const chunk: unknown = stream.read();
      if (Buffer.isBuffer(chunk)) settle(() => resolve(chunk));
    };
    const onEnd = (): void => settle(() => resolve(undefined));
    stream.on("readable", onReadable).once("end", onEnd).once("close", onEnd).once("error", reject);
    if (stream.destroyed || stream.readableEnded) onEnd();
    else onReadable();
  });
}
