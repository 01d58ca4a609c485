import { closeSync, constants, fstatSync, openSync, readSync, statSync, unlinkSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../../core/error.js";
import { writeAll } from "../../host/atomic-file.js";
import { randomBytes } from "../../host/random-bytes.js";
import type { Blobs } from "./blobs.js";
import type { ImageParts } from "./image-parts.js";
import { unknownImage, unusable } from "./image-problem.js";
import { decompress, type ImageLimits } from "./layer-stream.js";
import { openArchive, type OpenFile, streamFile } from "./open-archive.js";
import { openLayout } from "./open-layout.js";
import type { ImageReference } from "./parse-reference.js";
import { pickDocker } from "./pick-docker.js";
import { pickOci } from "./pick-oci.js";

type FileReference = Exclude<ImageReference, { readonly kind: "daemon" }>;

/** An image whose parts can be read until it is disposed of. */
export interface OpenedImage extends Disposable {
  readonly parts: ImageParts;
}

/** Where compressed archives are written out, and how large they may be. */
export interface SpoolPlace {
  readonly imagesDir: string;
  readonly limits: ImageLimits;
}

/** Opens the image of an archive or layout and verifies its manifest and configuration. */
export async function openSource(
  reference: FileReference,
  place: SpoolPlace,
): Promise<OpenedImage> {
  const isDirectory = statSync(reference.path).isDirectory();
  if (reference.kind === "oci-layout" && !isDirectory)
    throw unknownImage("oci: wants a directory", `oci-archive:${reference.path} is for a file`);
  if (isDirectory && reference.kind.endsWith("-archive"))
    throw unknownImage("it is a directory", `oci:${reference.path} is for an OCI layout`);
  const blobs = isDirectory
    ? openLayout(reference.path)
    : await openArchive(await openUncompressed(reference.path, place));
  return await pickFrom(blobs, reference);
}

/** Opens the image in the archive that a daemon sends. */
export async function openExport(
  chunks: AsyncIterable<Uint8Array>,
  place: SpoolPlace,
): Promise<OpenedImage> {
  const blobs = await openArchive(await spool(chunks, place));
  return await pickFrom(blobs, { kind: "detect" });
}

async function pickFrom(
  blobs: Blobs,
  { kind, pick }: { readonly kind: FileReference["kind"]; readonly pick?: string },
): Promise<OpenedImage> {
  try {
    if (kind === "detect" && !isAnyKind(blobs))
      throw unusable("neither a Docker archive (manifest.json) nor an OCI layout (index.json)");
    const isDocker = kind === "docker-archive" || (kind === "detect" && hasDockerManifest(blobs));
    const parts = await (isDocker ? pickDocker(blobs, pick) : pickOci(blobs, pick));
    return { parts, [Symbol.dispose]: () => blobs[Symbol.dispose]() };
  } catch (error) {
    blobs[Symbol.dispose]();
    throw error;
  }
}

/** `docker save` writes both kinds of manifest since version 25. */
function hasDockerManifest(blobs: Blobs): boolean {
  return blobs.open("manifest.json") !== undefined;
}

function isAnyKind(blobs: Blobs): boolean {
  return hasDockerManifest(blobs) || blobs.open("index.json") !== undefined;
}

async function openUncompressed(file: string, place: SpoolPlace): Promise<OpenFile> {
  // A FIFO must not hold us.
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const opened: OpenFile = { fd, [Symbol.dispose]: () => closeSync(fd) };
  try {
    const { size } = fstatSync(fd);
    if (!fstatSync(fd).isFile()) throw unusable(`${file} is not a file`);
    const head = Buffer.alloc(4);
    readSync(fd, head, 0, 4, 0);
    if (isPlain(head)) return opened;
    const spooled = await spool(decompress(streamFile(fd, 0, size)), place);
    opened[Symbol.dispose]();
    return spooled;
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
}

function isPlain(head: Buffer): boolean {
  return !(head[0] === 0x1f && head[1] === 0x8b) && head.readUInt32BE(0) !== 0x28b52ffd;
}

/** Writes `chunks` to a file without a name: when it is closed, or we are killed, it is gone. */
async function spool(
  chunks: AsyncIterable<Uint8Array>,
  { imagesDir, limits }: SpoolPlace,
): Promise<OpenFile> {
  const name = path.join(imagesDir, `.spool-${process.pid}-${randomBytes(6).toString("hex")}`);
  const fd = openSync(name, "wx+", 0o600);
  unlinkSync(name);
  try {
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > limits.bytes) throw unusable(`it is more than ${limits.bytes} bytes, unpacked`);
      writeAll(fd, chunk);
    }
    return { fd, [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Whether there is something at `file`. */
export function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (hasErrno(error, "ENOTDIR")) return false;
    throw error;
  }
}
