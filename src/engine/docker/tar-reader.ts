import { SandboxError } from "../../core/error.js";
import { decodeName } from "../../core/path.js";
import { TAR_BLOCK, toPadding } from "./tar-format.js";

/** An entry as an archive announces it. Nothing of it is to be trusted. */
export interface TarAnnouncement {
  /** As it was written, a slash at the end taken away. */
  readonly name: string;
  /** The type flag (ustar): `0` a file, `1` a hard link, `2` a symbolic link, `3` a character device, `5` a directory, `6` a FIFO. */
  readonly flag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the body. */
  readonly size: number;
  readonly device: { readonly major: number; readonly minor: number };
  readonly target: string;
  /** The PAX records: key → bytes. */
  readonly records: ReadonlyMap<string, Buffer>;
}

/** Told of what an archive holds, in order. */
export interface TarSink {
  /** Records that stand for the whole archive (a PAX global header); only before the first entry. */
  announce(records: ReadonlyMap<string, Buffer>): void;
  entry(entry: TarAnnouncement): void;
  /** The next bytes of the body of the last entry. */
  data(bytes: Buffer): void;
  /** The body of the last entry is complete. */
  entryEnd(): void;
}

/** A PAX header is kept in memory: a longer one is refused. */
const MOST_PAX_BYTES = 4 * 1024 * 1024;
const HEADER_FLAGS = /^[0-6]$/;

/**
 * Reads a PAX archive (ustar headers with `x` records, a `g` before them) that comes in pieces. Strict: what is not one, or has no end, is
 * refused with `damaged`. Holds no more than one header.
 */
export class TarReader {
  readonly #sink: TarSink;
  #pending: Buffer = Buffer.alloc(0);
  #state: "header" | "pax" | "body" | "padding" | "end" = "header";
  #left = 0;
  #padding = 0;
  #isGlobal = false;
  #hasEntry = false;
  #records: ReadonlyMap<string, Buffer> = new Map();

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && this.#state !== "end") rest = this.#take(rest);
  }

  /** Throws where the archive did not come to its end. */
  end(): void {
    if (this.#state !== "end") throw damaged("it ends too early");
  }

  /** Uses some of the bytes and returns the others. */
  #take(bytes: Buffer): Buffer {
    switch (this.#state) {
      case "body":
        return this.#takeBody(bytes);
      case "padding": {
        const used = Math.min(this.#padding, bytes.length);
        this.#padding -= used;
        if (this.#padding === 0) this.#state = "header";
        return bytes.subarray(used);
      }
      default:
        return this.#takeWhole(bytes, this.#state === "pax" ? this.#left : TAR_BLOCK);
    }
  }

  #takeBody(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, this.#left);
    this.#left -= part.length;
    this.#sink.data(part);
    if (this.#left === 0) this.#endBody();
    return bytes.subarray(part.length);
  }

  /** Gathers `size` bytes before they are looked at. */
  #takeWhole(bytes: Buffer, size: number): Buffer {
    const part = bytes.subarray(0, size - this.#pending.length);
    this.#pending = this.#pending.length === 0 ? part : Buffer.concat([this.#pending, part]);
    if (this.#pending.length < size) return bytes.subarray(part.length);
    const whole = this.#pending;
    this.#pending = Buffer.alloc(0);
    if (this.#state === "pax") {
      this.#takeRecords(parseRecords(whole));
      this.#toPadding();
    } else this.#startEntry(whole);
    return bytes.subarray(part.length);
  }

  #takeRecords(records: ReadonlyMap<string, Buffer>): void {
    if (!this.#isGlobal) this.#records = records;
    else if (this.#hasEntry) throw damaged("a global header among its entries");
    else this.#sink.announce(records);
  }

  #startEntry(block: Buffer): void {
    if (block.every((byte) => byte === 0)) {
      this.#state = "end";
      return;
    }
    checkBlock(block);
    const flag = String.fromCharCode(block[156] ?? 0);
    const size = readOctal(block, 124, 12);
    if (flag === "x" || flag === "g") this.#startPax(size, flag === "g");
    else if (HEADER_FLAGS.test(flag)) this.#startBody(block, flag);
    else throw damaged(`an entry of type ${JSON.stringify(flag)}`);
  }

  #startBody(block: Buffer, flag: string): void {
    const entry = toAnnouncement(block, { flag, records: this.#records });
    this.#records = new Map();
    this.#hasEntry = true;
    this.#left = entry.size;
    this.#padding = toPadding(entry.size);
    this.#state = "body";
    this.#sink.entry(entry);
    if (this.#left === 0) this.#endBody();
  }

  #startPax(size: number, isGlobal: boolean): void {
    this.#isGlobal = isGlobal;
    if (size === 0 || size > MOST_PAX_BYTES) throw damaged(`a PAX header of ${size} bytes`);
    this.#left = size;
    this.#padding = toPadding(size);
    this.#state = "pax";
  }

  #endBody(): void {
    this.#sink.entryEnd();
    this.#toPadding();
  }

  #toPadding(): void {
    this.#state = this.#padding === 0 ? "header" : "padding";
  }
}

function toAnnouncement(
  block: Buffer,
  head: Pick<TarAnnouncement, "flag" | "records">,
): TarAnnouncement {
  const { records } = head;
  const prefix = readText(block, 345, 155);
  const name = readText(block, 0, 100);
  const whole = prefix.length === 0 ? name : Buffer.concat([prefix, SLASH, name]);
  const path = decodeName(records.get("path") ?? whole);
  const isFile = head.flag === "0";
  return {
    ...head,
    name: path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path,
    mode: readOctal(block, 100, 8),
    uid: readNumber(records, "uid") ?? readOctal(block, 108, 8),
    gid: readNumber(records, "gid") ?? readOctal(block, 116, 8),
    size: isFile ? (readNumber(records, "size") ?? readOctal(block, 124, 12)) : noBody(block),
    device: { major: readOctal(block, 329, 8), minor: readOctal(block, 337, 8) },
    target: decodeName(records.get("linkpath") ?? readText(block, 157, 100)),
  };
}

const SLASH = Buffer.from("/");

function noBody(block: Buffer): 0 {
  if (readOctal(block, 124, 12) !== 0) throw damaged("a body where none belongs");
  return 0;
}

function checkBlock(block: Buffer): void {
  let sum = 0;
  block.forEach((byte, at) => {
    sum += at >= 148 && at < 156 ? 0x20 : byte;
  });
  if (sum !== readOctal(block, 148, 8)) throw damaged("a header with a wrong checksum");
  if (block.toString("latin1", 257, 262) !== "ustar") throw damaged("a header that is not ustar");
}

/** Bytes up to a NUL. */
function readText(block: Buffer, at: number, length: number): Buffer {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

function readOctal(block: Buffer, at: number, length: number): number {
  const text = readText(block, at, length).toString("latin1").trim();
  if (!/^[0-7]*$/.test(text)) throw damaged(`not an octal number: ${JSON.stringify(text)}`);
  return text === "" ? 0 : Number.parseInt(text, 8);
}

function readNumber(records: ReadonlyMap<string, Buffer>, key: string): number | undefined {
  const text = records.get(key)?.toString("latin1");
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(number))
    throw damaged(`not a number: ${key}=${JSON.stringify(text)}`);
  return number;
}

/** `LENGTH KEY=VALUE\n`, one after the other (POSIX, pax). */
function parseRecords(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const text = space < 0 ? "" : bytes.toString("latin1", at, Math.min(space, at + 10));
    const end = /^\d{1,9}$/.test(text) ? at + Number(text) : 0;
    const equals = bytes.indexOf(0x3d, space);
    const isWhole = end <= bytes.length && equals > space && equals < end;
    if (!isWhole || bytes[end - 1] !== 0x0a) throw damaged("a PAX header that does not parse");
    records.set(bytes.toString("utf8", space + 1, equals), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** What is wrong with an archive that came from a daemon. */
export function damaged(what: string): SandboxError {
  return new SandboxError("damaged", `the archive from the daemon is damaged: ${what}`);
}
