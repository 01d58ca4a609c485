/** How a content is cut up and how much of it there is of each piece: hash of the piece → bytes. */
export type ContentSpans = ReadonlyMap<number, number>;

/** git's number of hashes (diffcore-delta.c, HASHBASE). */
const HASHES = 107_927;
const LONGEST_PIECE = 64;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Pieces of a content as git compares them (diffcore-delta.c, hash_chars): lines, the long ones cut after 64 bytes, a CR before an LF of a
 * text left out.
 */
export function toContentSpans(bytes: Uint8Array): ContentSpans {
  const spans = new Map<number, number>();
  const isText = !bytes.includes(0);
  const isEnd = (at: number): boolean => bytes[at] === NEWLINE;
  let length = 0;
  let low = 0;
  let high = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    const isDropped = isText && byte === RETURN && isEnd(at + 1);
    if (!isDropped) {
      const old = low;
      low = (((low << 7) ^ (high >>> 25)) + byte) >>> 0;
      high = ((high << 7) ^ (old >>> 25)) >>> 0;
      length += 1;
    }
    if (length < LONGEST_PIECE && !isEnd(at) && at + 1 < bytes.length) continue;
    addPiece(spans, { low, high, length });
    length = 0;
    low = 0;
    high = 0;
  }
  return spans;
}

function addPiece(
  spans: Map<number, number>,
  piece: { readonly low: number; readonly high: number; readonly length: number },
): void {
  if (piece.length === 0) return;
  // Both are below 2^32, so that the product is exact.
  const hash = ((piece.low + piece.high * 0x61) >>> 0) % HASHES;
  spans.set(hash, (spans.get(hash) ?? 0) + piece.length);
}

/** Bytes of `before` that are in `after` as well, wherever they stand there. */
export function countKept(before: ContentSpans, after: ContentSpans): number {
  let kept = 0;
  for (const [hash, bytes] of before) kept += Math.min(bytes, after.get(hash) ?? 0);
  return kept;
}
