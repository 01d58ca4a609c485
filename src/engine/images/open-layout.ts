import { closeSync, constants, createReadStream, fstatSync, openSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../../core/error.js";
import type { Blobs } from "./blobs.js";
import { unusable } from "./image-problem.js";

// A FIFO must not hold us, and a device is no blob.
const OPEN = constants.O_RDONLY | constants.O_NONBLOCK;

/** The files of an OCI layout's directory. */
export function openLayout(directory: string): Blobs {
  return {
    open: (name) => {
      const file = path.join(directory, name);
      const size = readSize(file);
      if (size === undefined) return undefined;
      return { size, stream: () => createReadStream(file, { highWaterMark: 1 << 18 }) };
    },
    [Symbol.dispose]: () => {},
  };
}

function readSize(file: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(file, OPEN);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw unusable(`${file} is not a file`);
    return stat.size;
  } finally {
    closeSync(fd);
  }
}
