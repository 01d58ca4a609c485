/** A pack's index (gitformat-pack(5), version 2), its tables as they are. */
export interface PackIndex {
  readonly bytes: Buffer;
  readonly count: number;
  readonly hashBytes: 20 | 32;
}

const TABLES = 8 + 256 * 4;

/** Undefined for any other version, or one that is cut short. */
export function parsePackIndex(bytes: Uint8Array): PackIndex | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < TABLES || view.readUInt32BE(0) !== 0xff744f63 || view.readUInt32BE(4) !== 2)
    return undefined;
  const count = view.readUInt32BE(TABLES - 4);
  for (const hashBytes of [20, 32] as const) {
    const least = TABLES + count * (hashBytes + 8) + 2 * hashBytes;
    // Besides, eight bytes for each offset from 2 GiB on.
    const rest = view.length - least;
    if (rest >= 0 && rest % 8 === 0 && rest <= count * 8) return { bytes: view, count, hashBytes };
  }
  return undefined;
}

/** Where the object lies in the pack; undefined where it does not. May throw a RangeError for a made-up index. */
export function findInIndex(index: PackIndex, id: string): number | undefined {
  const { bytes, count, hashBytes } = index;
  const wanted = Buffer.from(id, "hex");
  if (wanted.length !== hashBytes) return undefined;
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = TABLES + middle * hashBytes;
    const order = wanted.compare(bytes, at, at + hashBytes);
    if (order === 0) return toOffset(index, middle);
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return undefined;
}

const LARGE = 0x80000000;

function toOffset({ bytes, count, hashBytes }: PackIndex, at: number): number {
  const small = TABLES + count * (hashBytes + 4);
  const offset = bytes.readUInt32BE(small + at * 4);
  if (offset < LARGE) return offset;
  return Number(bytes.readBigUInt64BE(small + count * 4 + (offset - LARGE) * 8));
}
