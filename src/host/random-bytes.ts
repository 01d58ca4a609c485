import { closeSync, openSync, readSync } from "node:fs";

/**
 * Random bytes from the kernel (random(4)), for names and ids. `node:crypto` has them too, but takes milliseconds to load, which
 * every start would pay.
 */
export function randomBytes(size: number): Buffer {
  const fd = openSync("/dev/urandom", "r");
  try {
    const bytes = Buffer.alloc(size);
    if (readSync(fd, bytes) !== size) throw new Error("/dev/urandom gave too little");
    return bytes;
  } finally {
    closeSync(fd);
  }
}
