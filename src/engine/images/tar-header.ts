import { unusable } from "./image-problem.js";

/** What an entry of a tar archive makes. */
export type TarType = "file" | "link" | "symlink" | "device" | "dir" | "fifo";

/** A header block as it stands there; `pax`, `pax-global`, `long-name` and `long-link` say more of the next one. */
export interface RawHeader {
  readonly type: TarType | "pax" | "pax-global" | "long-name" | "long-link";
  readonly name: Buffer;
  readonly linkName: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
}

const TYPES: Readonly<Record<string, RawHeader["type"]>> = {
  "\0": "file",
  "0": "file",
  "1": "link",
  "2": "symlink",
  "3": "device",
  "4": "device",
  "5": "dir",
  "6": "fifo",
  "7": "file",
  x: "pax",
  g: "pax-global",
  L: "long-name",
  K: "long-link",
};

/** The header in `block` of 512 bytes (tar(5): ustar, GNU and the oldest form). Throws where it is none. */
export function parseTarHeader(block: Buffer): RawHeader {
  if (!hasChecksum(block)) throw unusable("not a tar archive, or a damaged one");
  const flag = String.fromCharCode(block[156] ?? 0);
  const type = TYPES[flag];
  if (type === undefined) throw unusable(`a tar entry of the unknown type ${JSON.stringify(flag)}`);
  return {
    type,
    name: readName(block),
    linkName: readText(block, 157, 100),
    mode: readNumber(block, 100, 8) & 0o7777,
    uid: readNumber(block, 108, 8),
    gid: readNumber(block, 116, 8),
    size: readNumber(block, 124, 12),
    mtime: readNumber(block, 136, 12),
  };
}

/** The unsigned sum of all bytes, with blanks for the sum itself. */
function hasChecksum(block: Buffer): boolean {
  let sum = 8 * 0x20;
  for (let i = 0; i < 512; i += 1) if (i < 148 || i >= 156) sum += block[i] ?? 0;
  return sum === readNumber(block, 148, 8);
}

/** Only POSIX archives have the prefix: GNU's have times there. */
function readName(block: Buffer): Buffer {
  const name = readText(block, 0, 100);
  if (block.toString("latin1", 257, 263) !== "ustar\0") return name;
  const prefix = readText(block, 345, 155);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from("/"), name]);
}

/** A copy: the block is a part of a chunk that goes away. */
function readText(block: Buffer, at: number, length: number): Buffer {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits, or GNU's base 256 where the first bit is set. A negative number is 0 (only times can be). */
function readNumber(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  const first = field[0] ?? 0;
  if ((first & 0x80) === 0) return parseOctal(field);
  if ((first & 0x40) !== 0) return 0;
  let value = first & 0x3f;
  for (const byte of field.subarray(1)) value = value * 256 + byte;
  if (!Number.isSafeInteger(value)) throw unusable("a tar header holds an impossible number");
  return value;
}

function parseOctal(field: Buffer): number {
  const text = field
    .toString("latin1")
    .replace(/^ +/, "")
    .replace(/[ \0].*$/s, "");
  if (text === "") return 0;
  if (!/^[0-7]+$/.test(text)) throw unusable("not a tar archive, or a damaged one");
  return Number.parseInt(text, 8);
}
