import type { Readable } from "node:stream";
import { sha256Hex } from "../../host/sha256.js";
import { unusable } from "./image-problem.js";

/** Named files of an image: those of an archive, or of a layout's directory. Disposing of it closes it. */
export interface Blobs extends Disposable {
  /** Absent: undefined. */
  open(name: string): { readonly size: number; readonly stream: () => Readable } | undefined;
}

/** Manifests and configurations are small. */
const MOST_BYTES = 8 << 20;

/** The whole of a small file; undefined where it is absent. */
export async function readBlob(blobs: Blobs, name: string): Promise<Buffer | undefined> {
  const blob = blobs.open(name);
  if (blob === undefined) return undefined;
  if (blob.size > MOST_BYTES) throw unusable(`${name} has ${blob.size} bytes`);
  const parts: Buffer[] = [];
  for await (const part of blob.stream()) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The same, required and of this digest. */
export async function readVerified(blobs: Blobs, digest: string): Promise<Buffer> {
  const bytes = await readBlob(blobs, toBlobName(digest));
  if (bytes === undefined) throw unusable(`${digest} is missing in it`);
  const found = `sha256:${sha256Hex(bytes)}`;
  if (found !== digest) throw digestMismatch(digest, found);
  return bytes;
}

/** Where a layout has the blob (OCI image-spec, image-layout.md). */
export function toBlobName(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** What it says of itself is not what it holds. */
export function digestMismatch(wanted: string, found: string): Error {
  return unusable(
    `digest mismatch: ${wanted} is announced, ${found} is there`,
    "it is damaged or was changed: get it again",
  );
}
