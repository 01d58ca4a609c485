/**
 * Carries out a delta of a pack (gitformat-pack(5), "Deltified representation"). Throws a RangeError for one that does not fit its base,
 * or makes more than `most` bytes.
 */
export function applyDelta(base: Uint8Array, delta: Uint8Array, most: number): Uint8Array {
  const reader = { delta, at: 0 };
  const baseSize = readSize(reader);
  const size = readSize(reader);
  if (baseSize !== base.length || size > most) throw new RangeError("a delta of another base");
  const made = new Uint8Array(size);
  let filled = 0;
  const add = (piece: Uint8Array): void => {
    made.set(piece, filled);
    filled += piece.length;
  };
  while (reader.at < delta.length) {
    const code = readByte(reader);
    if (code === 0) throw new RangeError("an unknown instruction");
    if (code < 128) {
      add(delta.subarray(reader.at, reader.at + code));
      reader.at += code;
      continue;
    }
    const offset = readBits(reader, code & 15, 4);
    const length = readBits(reader, (code >> 4) & 7, 3) || 0x10000;
    if (offset + length > base.length) throw new RangeError("a copy from behind the base");
    add(base.subarray(offset, offset + length));
  }
  if (filled !== size) throw new RangeError("a delta that makes less than it says");
  return made;
}

interface Reader {
  readonly delta: Uint8Array;
  at: number;
}

function readByte(reader: Reader): number {
  const byte = reader.delta[reader.at];
  if (byte === undefined) throw new RangeError("a delta that is cut short");
  reader.at += 1;
  return byte;
}

function readSize(reader: Reader): number {
  let size = 0;
  for (let shift = 0; shift < 49; shift += 7) {
    const byte = readByte(reader);
    size += (byte & 127) * 2 ** shift;
    if (byte < 128) return size;
  }
  throw new RangeError("a size without end");
}

/** A number of which only those bytes are there whose bits are set. */
function readBits(reader: Reader, bits: number, count: number): number {
  let value = 0;
  for (let at = 0; at < count; at += 1)
    if (bits & (1 << at)) value += readByte(reader) * 2 ** (8 * at);
  return value;
}
