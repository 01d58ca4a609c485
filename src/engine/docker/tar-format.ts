import { encodeName } from "../../core/path.js";

/**
 * One entry of a PAX archive (POSIX.1-2017, pax, "pax Interchange Format") as we write it. tar-stream is not used for these: its
 * names are text and its PAX values too, while names and attributes of files are bytes, and it keeps whatever a header announces.
 */
export interface TarHeader {
  /** Below the archive's root, as `decodeName` spells it; a directory has no slash at its end. */
  readonly name: string;
  readonly type: "file" | "dir" | "symlink" | "link" | "fifo" | "whiteout";
  /** Permission bits (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes that follow; 0 for all but files. */
  readonly size: number;
  /** Nanoseconds since the epoch. */
  readonly mtimeNs: string;
  /** Of a symbolic link its text, of a hard link the name of the entry that it is another name of. */
  readonly target?: string;
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
}

export const TAR_BLOCK = 512;
/** Two empty blocks (ustar). */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK);

const TYPE_FLAGS = { file: "0", link: "1", symlink: "2", whiteout: "3", dir: "5", fifo: "6" };
const MOST_OCTAL_ID = 0o7777777;
const MOST_OCTAL_SIZE = 0o77777777777;
const NAME_BYTES = 100;
const CHECKSUM_AT = 148;
const SPACE = 0x20;

/** The header blocks of an entry: a PAX header, which carries the times in full, and the ustar header. */
export function encodeTarHeader(header: TarHeader): Buffer {
  const name = header.type === "dir" ? `${header.name}/` : header.name;
  const records = toRecords(header, name);
  const body = Buffer.concat(records);
  const out = Buffer.alloc(TAR_BLOCK + toPadded(body.length) + TAR_BLOCK);
  writeBlock(out, { ...PAX_HEADER, flag: "x", size: body.length });
  body.copy(out, TAR_BLOCK);
  writeBlock(out.subarray(out.length - TAR_BLOCK), {
    ...header,
    name,
    flag: TYPE_FLAGS[header.type],
    seconds: Math.max(0, Math.floor(Number(header.mtimeNs) / 1e9)),
  });
  return out;
}

/** Bytes of the zeros that fill the last block of a body. */
export function toPadding(size: number): number {
  return toPadded(size) - size;
}

const PAX_HEADER = { name: "pax", mode: 0o600, uid: 0, gid: 0, seconds: 0 };

function toPadded(size: number): number {
  return Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}

function toRecords(header: TarHeader, name: string): readonly Uint8Array[] {
  const { target, uid, gid, size, xattrs = {} } = header;
  const records = [toRecord("mtime", Buffer.from(toSeconds(header.mtimeNs)))];
  if (!fitsHeader(name)) records.push(toRecord("path", encodeName(name)));
  if (target !== undefined && !fitsHeader(target))
    records.push(toRecord("linkpath", encodeName(target)));
  const numbers = { uid, gid } as const;
  for (const [key, value] of Object.entries(numbers))
    if (value > MOST_OCTAL_ID) records.push(toRecord(key, Buffer.from(`${value}`)));
  if (size > MOST_OCTAL_SIZE) records.push(toRecord("size", Buffer.from(`${size}`)));
  for (const [key, value] of Object.entries(xattrs))
    records.push(toRecord(`SCHILY.xattr.${key}`, value));
  return records;
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function toRecord(key: string, value: Uint8Array): Buffer {
  const keyBytes = Buffer.from(key);
  const rest = keyBytes.length + value.length + 3;
  let length = rest + `${rest}`.length;
  if (`${length}`.length > `${rest}`.length) length += 1;
  return Buffer.concat([Buffer.from(`${length} `), keyBytes, EQUALS, value, NEWLINE]);
}

const EQUALS = Buffer.from("=");
const NEWLINE = Buffer.from("\n");

/** Seconds with nine digits of fraction; below the epoch the sign is of the whole. */
function toSeconds(ns: string): string {
  const negative = ns.startsWith("-");
  const digits = (negative ? ns.slice(1) : ns).padStart(10, "0");
  return `${negative ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/** Only what every reader takes for the same bytes stays out of the PAX header. */
function fitsHeader(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the question.
  return text.length <= NAME_BYTES && /^[\x01-\x7f]*$/.test(text);
}

interface Block {
  readonly name: string;
  readonly target?: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly seconds: number;
  readonly flag: string;
}

/** A ustar header of 512 bytes, at the start of `out`, which is zero. */
function writeBlock(out: Buffer, block: Block): void {
  out.write(fitsHeader(block.name) ? block.name : "long", 0, "latin1");
  writeOctal(out, block.mode, { at: 100, digits: 7 });
  writeOctal(out, Math.min(block.uid, MOST_OCTAL_ID), { at: 108, digits: 7 });
  writeOctal(out, Math.min(block.gid, MOST_OCTAL_ID), { at: 116, digits: 7 });
  writeOctal(out, Math.min(block.size, MOST_OCTAL_SIZE), { at: 124, digits: 11 });
  writeOctal(out, block.seconds, { at: 136, digits: 11 });
  out.fill(SPACE, CHECKSUM_AT, CHECKSUM_AT + 8);
  out.write(block.flag, 156, "latin1");
  if (block.target !== undefined)
    out.write(fitsHeader(block.target) ? block.target : "long", 157, "latin1");
  out.write("ustar\u000000", 257, "latin1");
  writeOctal(out, 0, { at: 329, digits: 7 });
  writeOctal(out, 0, { at: 337, digits: 7 });
  let sum = 0;
  for (let at = 0; at < TAR_BLOCK; at += 1) sum += out[at] ?? 0;
  writeOctal(out, sum, { at: CHECKSUM_AT, digits: 6 });
  out[CHECKSUM_AT + 6] = 0;
}

function writeOctal(out: Buffer, value: number, field: { at: number; digits: number }): void {
  out.write(value.toString(8).padStart(field.digits, "0"), field.at, "latin1");
}
