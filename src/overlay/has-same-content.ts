import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { toChildPath } from "../host/dir-handle.js";

const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CHUNK = 256 << 10;
/** More than this is not read while a task runs: what is alike so far counts as alike. */
const MOST = 64 << 20;

/** Whether the file `name` holds the same bytes in both directories, as far as is read. In pieces, as `LiveEffects.look`. */
export function* hasSameContent(
  at: { readonly upperFd: number; readonly baseFd: number },
  name: string,
): Generator<void, boolean> {
  using upper = openFile(at.upperFd, name);
  using base = openFile(at.baseFd, name);
  const [ours, theirs] = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)];
  for (let offset = 0; offset < MOST; offset += CHUNK) {
    const length = upper.read(ours, offset);
    if (length !== base.read(theirs, offset)) return false;
    if (ours.compare(theirs, 0, length, 0, length) !== 0) return false;
    if (length < CHUNK) return true;
    yield;
  }
  return true;
}

interface OpenFile extends Disposable {
  read(into: Buffer, offset: number): number;
}

function openFile(dirFd: number, name: string): OpenFile {
  const fd = openSync(toChildPath(dirFd, name), OPEN_FILE);
  const isFile = fstatSync(fd).isFile();
  return {
    // A FIFO that was put there meanwhile holds nothing.
    read: (into, offset) => (isFile ? readSync(fd, into, 0, into.length, offset) : 0),
    [Symbol.dispose]: () => closeSync(fd),
  };
}
