import { decodeName } from "../../core/path.js";
import { ByteReader } from "./byte-reader.js";
import { unusable } from "./image-problem.js";
import { type PaxRecords, parsePaxRecords, readPaxNumber } from "./pax-records.js";
import { parseTarHeader, type RawHeader, type TarType } from "./tar-header.js";

/** One entry of a tar archive. Names are strings of `decodeName`, as the archive has them. */
export interface TarEntry {
  readonly type: TarType;
  readonly name: string;
  readonly linkName: string;
  /** Permission bits, with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** Where its bytes begin in the archive. */
  readonly offset: number;
  /** The next piece of its bytes; undefined after the last. What is not read is skipped. */
  read(): Promise<Buffer | undefined>;
}

const BLOCK = 512;
/** Names and attributes of one entry: more is no honest archive. */
const MOST_EXTENDED = 1 << 20;
const LARGEST_ID = 0xfffffffe;

/**
 * The entries of the tar archive in `chunks`, in bounded memory; all of `chunks` is read. Throws `sandbox-unavailable` for what is no
 * tar archive, ends too early, or has an entry that is not understood: nothing is guessed.
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(chunks);
  let more: Extended = {};
  while (true) {
    const block = await reader.exactly(BLOCK);
    if (block.length === 0) return;
    if (block.length < BLOCK) {
      if (reader.position === block.length) throw unusable("not a tar archive, or a damaged one");
      throw truncated();
    }
    if (block.every((byte) => byte === 0)) break;
    const raw = namedDirectory(parseTarHeader(block), more);
    if (isExtension(raw)) {
      more = { ...more, ...(await readExtension(reader, raw)) };
      continue;
    }
    const body = new EntryBody(reader, toSize(raw, more.pax));
    yield toEntry(raw, more, { offset: reader.position, body });
    await body.skip();
    more = {};
  }
  await reader.drain();
}

/** The oldest form has no type for directories, but a slash at the end of the name: of the whole one, not of a header's part of it. */
function namedDirectory(raw: RawHeader, { pax, longName }: Extended): RawHeader {
  const name = pax?.get("path") ?? longName ?? raw.name;
  return raw.type === "file" && name.at(-1) === 0x2f ? { ...raw, type: "dir" } : raw;
}

interface Extended {
  readonly pax?: PaxRecords;
  readonly longName?: Buffer;
  readonly longLink?: Buffer;
}

function isExtension({ type }: RawHeader): boolean {
  return type === "pax" || type === "pax-global" || type === "long-name" || type === "long-link";
}

async function readExtension(reader: ByteReader, raw: RawHeader): Promise<Extended> {
  if (raw.size > MOST_EXTENDED) throw unusable("a tar archive with a name or header of megabytes");
  const bytes = Buffer.from(await reader.exactly(raw.size));
  if (bytes.length < raw.size) throw truncated();
  await reader.skip(padding(raw.size));
  switch (raw.type) {
    case "pax":
      return { pax: parsePaxRecords(bytes) };
    case "long-name":
      return { longName: cutAtNul(bytes) };
    case "long-link":
      return { longLink: cutAtNul(bytes) };
    default:
      return {};
  }
}

/** Links, directories and devices have no bytes, whatever their headers say. */
function toSize(raw: RawHeader, pax: PaxRecords | undefined): number {
  if (raw.type !== "file") return 0;
  if ([...(pax?.keys() ?? [])].some((key) => key.startsWith("GNU.sparse.")))
    throw unusable("a sparse entry in a tar archive", "make the archive without --sparse");
  return Math.trunc((pax && readPaxNumber(pax, "size")) ?? raw.size);
}

function toEntry(
  raw: RawHeader,
  { pax = new Map(), longName, longLink }: Extended,
  { offset, body }: { readonly offset: number; readonly body: EntryBody },
): TarEntry {
  const uid = readPaxNumber(pax, "uid") ?? raw.uid;
  const gid = readPaxNumber(pax, "gid") ?? raw.gid;
  if (uid > LARGEST_ID || gid > LARGEST_ID) throw unusable("a tar entry with an impossible owner");
  return {
    type: raw.type as TarType,
    name: decodeName(pax.get("path") ?? longName ?? raw.name),
    linkName: decodeName(pax.get("linkpath") ?? longLink ?? raw.linkName),
    mode: raw.mode,
    uid,
    gid,
    size: body.size,
    mtime: readPaxNumber(pax, "mtime") ?? raw.mtime,
    offset,
    read: () => body.read(),
  };
}

/** The bytes of an entry and what fills up its last block. */
class EntryBody {
  readonly size: number;
  readonly #reader: ByteReader;
  #left: number;

  constructor(reader: ByteReader, size: number) {
    this.#reader = reader;
    this.size = size;
    this.#left = size;
  }

  async read(): Promise<Buffer | undefined> {
    if (this.#left === 0) return undefined;
    const piece = await this.#reader.some(this.#left);
    if (piece === undefined) throw truncated();
    this.#left -= piece.length;
    return piece;
  }

  async skip(): Promise<void> {
    const left = this.#left;
    if ((await this.#reader.skip(left)) < left) throw truncated();
    this.#left = 0;
    await this.#reader.skip(padding(this.size));
  }
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function cutAtNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function truncated(): Error {
  return unusable("the archive ends too early", "it was not copied whole: get it again");
}
