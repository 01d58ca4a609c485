import type { Readable } from "node:stream";

/** Told of each piece of output; where a promise comes back, nothing more is read until it resolves. */
type Sink = (chunk: Buffer) => Promise<void> | void;

/** Where the streams of a container go. */
export interface OutputSinks {
  readonly stdout: Sink;
  readonly stderr: Sink;
}

const HEADER_BYTES = 8;
const STDERR = 2;

/**
 * Cuts an attached stream into the container's streams: frames of one byte of kind, three of zero and a 32-bit big-endian
 * length (Docker Engine API, "Attach to a container"). Resolves when the stream has ended; rejects when it broke.
 */
export async function demuxOutput(stream: Readable, sinks: OutputSinks): Promise<void> {
  const frames = new FrameCutter();
  for await (const piece of stream)
    for (const { kind, chunk } of frames.cut(piece))
      await sinks[kind === STDERR ? "stderr" : "stdout"](chunk);
}

/** Where the cut is, between two pieces. */
class FrameCutter {
  #head = Buffer.alloc(0);
  #kind = 0;
  #left = 0;

  *cut(piece: Buffer): Generator<{ readonly kind: number; readonly chunk: Buffer }> {
    let rest = piece;
    while (rest.length > 0) {
      if (this.#left === 0) rest = this.#readHead(rest);
      const chunk = rest.subarray(0, this.#left);
      rest = rest.subarray(chunk.length);
      this.#left -= chunk.length;
      if (chunk.length > 0) yield { kind: this.#kind, chunk };
    }
  }

  /** Returns what comes behind the part of the header that is in `piece`. */
  #readHead(piece: Buffer): Buffer {
    const missing = HEADER_BYTES - this.#head.length;
    this.#head = Buffer.concat([this.#head, piece.subarray(0, missing)]);
    if (this.#head.length === HEADER_BYTES) {
      this.#kind = this.#head[0] ?? 0;
      this.#left = this.#head.readUInt32BE(4);
      this.#head = Buffer.alloc(0);
    }
    return piece.subarray(missing);
  }
}
