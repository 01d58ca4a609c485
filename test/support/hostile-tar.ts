/** What a header of ustar is made to say; what is not said is that of a small file of the task's. */
export interface RawEntry {
  readonly name: string;
  readonly flag?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly target?: string;
  readonly major?: number;
  readonly body?: string | Buffer;
  /** Where it is not the body's. */
  readonly size?: number;
  /** PAX records besides the time. */
  readonly records?: Readonly<Record<string, string | Buffer>>;
}

/** An archive as a daemon's helper would write it, of entries that no helper would write. Absent, what is announced is true. */
export function toArchive(
  entries: readonly RawEntry[],
  announced: { readonly bytes: number; readonly entries: number } = count(entries),
): Buffer {
  const numbers = { "SANDBOX.bytes": announced.bytes, "SANDBOX.entries": announced.entries };
  const said = Object.entries(numbers).map(([key, value]) => toRecord(key, `${value}`));
  const all = [{ name: ".", flag: "5", mode: 0o755 }, ...entries];
  return Buffer.concat([toPax("g", said), ...all.flatMap(toBlocks), Buffer.alloc(1024)]);
}

function count(entries: readonly RawEntry[]): { readonly bytes: number; readonly entries: number } {
  const bytes = entries.reduce((sum, { body = "" }) => sum + Buffer.byteLength(body), 0);
  return { bytes, entries: entries.length + 1 };
}

/** The archive in small pieces, as a stream may cut it. */
export async function* inPieces(bytes: Buffer, size = 700): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function toBlocks(entry: RawEntry): readonly Buffer[] {
  const body = Buffer.from(entry.body ?? "");
  const records = Object.entries({ mtime: "1.5", ...entry.records });
  return [
    toPax(
      "x",
      records.map(([key, value]) => toRecord(key, value)),
    ),
    toHeader({ ...entry, size: entry.size ?? body.length }),
    toPadded(body),
  ];
}

function toPax(flag: string, records: readonly Buffer[]): Buffer {
  const body = Buffer.concat(records);
  return Buffer.concat([toHeader({ name: "pax", flag, size: body.length }), toPadded(body)]);
}

function toRecord(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from("\n")]);
  const digits = `${rest.length + 2}`.length;
  return Buffer.concat([Buffer.from(`${rest.length + digits}`), rest]);
}

function toHeader(entry: RawEntry): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, digits: number): void =>
    void block.write(value.toString(8).padStart(digits, "0"), at, "latin1");
  block.write(entry.name, 0);
  octal(entry.mode ?? 0o644, 100, 7);
  octal(entry.uid ?? 1000, 108, 7);
  octal(entry.gid ?? 1000, 116, 7);
  octal(entry.size ?? 0, 124, 11);
  block.write("        ", 148);
  block.write(entry.flag ?? "0", 156);
  block.write(entry.target ?? "", 157);
  block.write("ustar\u000000", 257);
  octal(entry.major ?? 0, 329, 7);
  octal(0, 337, 7);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block[154] = 0;
  return block;
}

function toPadded(body: Buffer): Buffer {
  return Buffer.concat([body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}
