import { closeSync, openSync, readSync } from "node:fs";

/** A line of a file. */
export interface FileLine {
  /** Without its end. */
  readonly text: string;
  /** With its end; good until the next line is asked for. */
  readonly bytes: Buffer;
  /** Where it begins in the file. */
  readonly start: number;
}

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/** The whole lines of the file at `path` as UTF-8, read piece by piece; what follows the last end of a line is passed over. */
export function* readFileLines(path: string): Generator<FileLine> {
  const fd = openSync(path, "r");
  try {
    let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let filled = 0;
    let offset = 0;
    for (;;) {
      const size = readSync(fd, buffer, filled, buffer.length - filled, null);
      if (size === 0) return;
      filled += size;
      let start = 0;
      for (let end = endOf(buffer, start, filled); end > 0; end = endOf(buffer, start, filled)) {
        const bytes = buffer.subarray(start, end);
        yield { text: buffer.toString("utf8", start, end - 1), bytes, start: offset + start };
        start = end;
      }
      buffer.copyWithin(0, start, filled);
      filled -= start;
      offset += start;
      if (filled === buffer.length) buffer = Buffer.concat([buffer], 2 * buffer.length);
    }
  } finally {
    closeSync(fd);
  }
}

/** The place after the end of the line that begins at `start`; 0 where it is not there yet. */
function endOf(buffer: Buffer, start: number, filled: number): number {
  const at = buffer.indexOf(NEWLINE, start);
  return at < 0 || at >= filled ? 0 : at + 1;
}
