import { createHash } from "node:crypto";
import { type Digest, toDigest } from "../../core/ids.js";

const CHUNK_BYTES = 256 * 1024;

/**
 * Collects an archive in pieces of one size, each handed out once and not touched again, and hashes it. Small files cost a
 * copy each and no promise.
 */
export class TarChunks {
  readonly #hash = createHash("sha256");
  #ready: Buffer[] = [];
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #used = 0;
  #total = 0;

  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const length = Math.min(bytes.length - done, this.#chunk.length - this.#used);
      // A view costs more than the copy of a header.
      this.#chunk.set(
        length === bytes.length ? bytes : bytes.subarray(done, done + length),
        this.#used,
      );
      this.#advance(length);
      done += length;
    }
  }

  /** Has `fill` put bytes, at most `most` and at least one, into `chunk` from `at` on; it returns how many. */
  fill(most: number, fill: (chunk: Buffer, at: number, length: number) => number): number {
    const length = fill(this.#chunk, this.#used, Math.min(most, this.#chunk.length - this.#used));
    this.#advance(length);
    return length;
  }

  #advance(length: number): void {
    this.#used += length;
    if (this.#used === this.#chunk.length) this.#close();
  }

  /** Hands out the pieces that are full. */
  *drain(): Generator<Buffer, void> {
    if (this.#ready.length === 0) return;
    yield* this.#ready.splice(0);
  }

  /** Hands out what is left, and tells what it was in all. */
  *finish(): Generator<Buffer, { readonly digest: Digest; readonly bytes: number }> {
    this.#close();
    yield* this.drain();
    return { digest: toDigest(this.#hash.digest("hex")), bytes: this.#total };
  }

  #close(): void {
    const piece = this.#chunk.subarray(0, this.#used);
    this.#hash.update(piece);
    this.#total += piece.length;
    if (piece.length > 0) this.#ready.push(piece);
    this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#used = 0;
  }
}
