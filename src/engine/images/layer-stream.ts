import { createHash } from "node:crypto";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { digestMismatch } from "./blobs.js";
import type { ImageLayer } from "./image-parts.js";
import { unusable } from "./image-problem.js";

/** How much an image may be, unpacked. */
export interface ImageLimits {
  readonly bytes: number;
  readonly entries: number;
}

/** Generous: the largest images in use are some tens of GiB. */
export const IMAGE_LIMITS: ImageLimits = { bytes: 64 * 2 ** 30, entries: 2_000_000 };

const CHUNK = 1 << 18;

/**
 * The tar archive of a layer, unpacked as its first bytes say. When it has been read to the end, its digests were what the image
 * announces; else that throws. `count` is told of every byte and throws where they are too many.
 */
export async function* openLayer(
  layer: ImageLayer,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const stored = createHash("sha256");
  const unpacked = createHash("sha256");
  for await (const chunk of decompress(hashing(layer.open(), stored))) {
    count(chunk.length);
    unpacked.update(chunk);
    yield chunk;
  }
  expectDigest(layer.digest, stored.digest("hex"));
  expectDigest(layer.diffId, unpacked.digest("hex"));
}

/** `source`, unpacked where it is gzip. Throws for what only newer versions of Node unpack. */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true) return;
  const rest = prepend(first.value, chunks);
  switch (detectCompression(first.value)) {
    case "gzip": {
      const gunzip = createGunzip({ chunkSize: CHUNK });
      // The error comes out of `gunzip`, whichever of the two had it.
      pipeline(rest, gunzip, () => {});
      for await (const chunk of gunzip) yield chunk as Uint8Array;
      return;
    }
    case "zstd":
      throw unusable(
        "a layer is compressed with zstd, which this program does not read",
        "skopeo copy --dest-compress-format gzip …, or docker save, writes one that it does",
      );
    case "none":
      yield* rest;
  }
}

function detectCompression(start: Uint8Array): "gzip" | "zstd" | "none" {
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  if (start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd)
    return "zstd";
  return "none";
}

async function* prepend(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function* hashing(
  source: AsyncIterable<Uint8Array>,
  hash: { update(chunk: Uint8Array): unknown },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}

function expectDigest(wanted: string | undefined, hex: string): void {
  if (wanted !== undefined && wanted !== `sha256:${hex}`)
    throw digestMismatch(wanted, `sha256:${hex}`);
}
