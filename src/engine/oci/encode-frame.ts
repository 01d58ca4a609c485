/** A field: text, which goes as UTF-8, or bytes. */
type Field = string | Uint8Array;

const LENGTH_BYTES = 4;

/** Fields, each with a 32-bit big-endian length, after one length of them all: what the stage calls a frame. */
export function encodeFrame(fields: readonly Field[]): Buffer {
  const size = sizeOf(fields);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + size);
  writeFields(frame, frame.writeUInt32BE(size), fields);
  return frame;
}

/** A frame whose fields are records, each with fields of its own. One buffer for all: a plan has hundreds of fields. */
export function encodeRecords(records: readonly (readonly Field[])[]): Buffer {
  const sizes = records.map(sizeOf);
  const size = sizes.reduce((sum, one) => sum + LENGTH_BYTES + one, 0);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + size);
  let at = frame.writeUInt32BE(size);
  records.forEach((fields, index) => {
    at = writeFields(frame, frame.writeUInt32BE(sizes[index] ?? 0, at), fields);
  });
  return frame;
}

function sizeOf(fields: readonly Field[]): number {
  let size = 0;
  for (const field of fields) size += LENGTH_BYTES + Buffer.byteLength(field);
  return size;
}

/** Returns the offset behind what it wrote. */
function writeFields(frame: Buffer, start: number, fields: readonly Field[]): number {
  let at = start;
  for (const field of fields) {
    const from = at + LENGTH_BYTES;
    const length = typeof field === "string" ? frame.write(field, from) : field.length;
    if (typeof field !== "string") frame.set(field, from);
    frame.writeUInt32BE(length, at);
    at = from + length;
  }
  return at;
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
