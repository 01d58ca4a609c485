import { unusable } from "./image-problem.js";

/** What an extended header says of the next entry, by keyword (POSIX pax, "Extended Header"). */
export type PaxRecords = ReadonlyMap<string, Buffer>;

/** The records in `bytes`: `LENGTH KEYWORD=VALUE\n` each. Throws where they are none. */
export function parsePaxRecords(bytes: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(0x20, at);
    const digits = blank < 0 ? "" : bytes.toString("latin1", at, blank);
    const length = /^[1-9]\d{0,9}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = bytes.indexOf(0x3d, blank);
    if (
      length === 0 ||
      end > bytes.length ||
      equals < 0 ||
      equals >= end ||
      bytes[end - 1] !== 0x0a
    )
      throw unusable("a damaged extended header in a tar archive");
    records.set(bytes.toString("utf8", blank + 1, equals), bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** A number of `records`; undefined where there is none. Throws where it is no number. */
export function readPaxNumber(records: PaxRecords, key: string): number | undefined {
  const text = records.get(key)?.toString("latin1");
  if (text === undefined) return undefined;
  const value = /^-?\d+(\.\d*)?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw unusable(`an extended header says ${key}=${text}`);
  return Math.max(0, value);
}
