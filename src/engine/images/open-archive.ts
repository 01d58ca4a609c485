import { createReadStream } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import type { Blobs } from "./blobs.js";
import { unusable } from "./image-problem.js";
import { readTar } from "./read-tar.js";

/** Bytes of a file that is open. */
export interface OpenFile extends Disposable {
  readonly fd: number;
}

interface Place {
  readonly offset: number;
  readonly size: number;
}

const CHUNK = 1 << 18;
/** An image has some hundred files at most. */
const MOST_ENTRIES = 100_000;
const MOST_LINKS = 8;

/** The files of an uncompressed tar archive, found by one pass over its headers. Takes `file` over. */
export async function openArchive(file: OpenFile): Promise<Blobs> {
  const places = new Map<string, Place>();
  const links = new Map<string, string>();
  for await (const entry of readTar(streamFile(file.fd, 0, Number.MAX_SAFE_INTEGER))) {
    const name = path.posix.normalize(entry.name);
    if (places.size + links.size >= MOST_ENTRIES) throw unusable("an archive of too many files");
    if (entry.type === "file") places.set(name, entry);
    // `docker save` has links between layers that are alike.
    if (entry.type === "symlink")
      links.set(name, path.posix.join(path.posix.dirname(name), entry.linkName));
    if (entry.type === "link") links.set(name, path.posix.normalize(entry.linkName));
  }
  const find = (name: string): Place | undefined => {
    let at = name;
    for (let hop = 0; hop < MOST_LINKS; hop += 1) {
      const place = places.get(at);
      if (place !== undefined) return place;
      at = links.get(at) ?? "";
    }
    return undefined;
  };
  return {
    open: (name) => {
      const place = find(path.posix.normalize(name));
      if (place === undefined) return undefined;
      return { size: place.size, stream: () => streamFile(file.fd, place.offset, place.size) };
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

/** `size` bytes of an open file from `offset`; it stays open. */
export function streamFile(fd: number, offset: number, size: number): Readable {
  if (size === 0) return emptyStream();
  const end = Math.min(offset + size - 1, Number.MAX_SAFE_INTEGER);
  return createReadStream("", { fd, start: offset, end, autoClose: false, highWaterMark: CHUNK });
}

function emptyStream(): Readable {
  return createReadStream("/dev/null");
}
