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

/** The header blocks of an entry: a PAX header, which carries the times in full, and the ustar header. */
export function encodeTarHeader(header: TarHeader): Buffer {
  const name = header.type === "dir" ? `${header.name}/` : header.name;
  const records = toRecords(header, name);
  const body = Buffer.concat(records);
  const out = Buffer.alloc(TAR_BLOCK + toPadded(body.length) + TAR_BLOCK);
  writeBlock(out, 0, { ...PAX_HEADER, flag: "x", size: body.length });
  body.copy(out, TAR_BLOCK);
  writeBlock(out, out.length - TAR_BLOCK, {
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

/** A ustar header of 512 bytes at `at` of `out`. One text is written faster than a field at a time. */
function writeBlock(out: Buffer, at: number, block: Block): void {
  const target = block.target === undefined ? "" : toField(block.target);
  const head =
    toField(block.name).padEnd(NAME_BYTES, NUL) +
    `${toOctal(block.mode, 7)}\0${toOctal(Math.min(block.uid, MOST_OCTAL_ID), 7)}\0` +
    `${toOctal(Math.min(block.gid, MOST_OCTAL_ID), 7)}\0` +
    `${toOctal(Math.min(block.size, MOST_OCTAL_SIZE), 11)}\0${toOctal(block.seconds, 11)}\0`;
  const rest = `${block.flag}${target.padEnd(NAME_BYTES, NUL)}${TAIL}`;
  const sum = toSum(head) + toSum(rest) + CHECKSUM_SPACES;
  out.write(`${head}${toOctal(sum, 6)}\0 ${rest}`, at, "latin1");
}

const NUL = "\0";
/** What a sum counts for its own field: eight spaces. */
const CHECKSUM_SPACES = 8 * 0x20;
/** Magic and version, no names of owner and group, device 0:0; zeros follow. */
const TAIL = `ustar\u000000${NUL.repeat(64)}${"0".repeat(7)}\0${"0".repeat(7)}\0`;

function toField(text: string): string {
  return fitsHeader(text) ? text : "long";
}

function toOctal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

function toSum(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) sum += text.charCodeAt(at);
  return sum;
}
