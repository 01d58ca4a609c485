/** Fields of one record, each with a 32-bit big-endian length: what `unpack("(N/a*)*")` reads in Perl. */
export function encodeFields(fields: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const field of fields) {
    const bytes = typeof field === "string" ? Buffer.from(field) : field;
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

/** A frame: the fields with their total length in front. */
export function encodeFrame(fields: readonly (string | Uint8Array)[]): Buffer {
  return encodeFields([encodeFields(fields)]);
}

/** Cuts the stage's answers into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that `chunk` completes, each as its fields. */
  push(chunk: Uint8Array): readonly (readonly Buffer[])[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: (readonly Buffer[])[] = [];
    while (this.#rest.length >= 4) {
      const size = this.#rest.readUInt32BE(0);
      if (this.#rest.length < 4 + size) break;
      frames.push(decodeFields(this.#rest.subarray(4, 4 + size)));
      this.#rest = this.#rest.subarray(4 + size);
    }
    return frames;
  }
}

function decodeFields(frame: Buffer): readonly Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at + 4 <= frame.length; ) {
    const size = frame.readUInt32BE(at);
    fields.push(frame.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return fields;
}
