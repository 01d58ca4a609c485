import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  statSync,
} from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";
import { writeAll, writeFileAtomic } from "./atomic-file.js";

/** A file that will be made or replaced, in the directory that had its name when it was held. */
export interface HeldFile extends Disposable {
  /**
   * Replaces it whole; a symbolic link that got its name meanwhile is replaced, not followed. Throws `conflict` where its directory is
   * not the one of that name any more, and Node's errors.
   */
  write(text: string): void;
}

/** Of a file for others to read too, as far as the umask lets them. */
const FILE_MODE = 0o666;

/**
 * Holds the place of `file` before anything can alter what its path means: what a task committed meanwhile cannot lead the write elsewhere.
 * Throws `usage` where its directory is not there or may not be written, or something that is no file has its name.
 */
export function holdFile(file: string): HeldFile {
  const name = path.basename(file);
  const directory = openDirectory(file);
  const at = `/proc/self/fd/${directory}/${name}`;
  try {
    refuseOther(file, at);
    refuseReadOnly(file, at);
  } catch (error) {
    closeSync(directory);
    throw error;
  }
  return {
    write: (text) => {
      refuseMoved(file, directory);
      writeFileAtomic(at, text, { mode: FILE_MODE, sync: "content" });
    },
    [Symbol.dispose]: () => closeSync(directory),
  };
}

function openDirectory(file: string): number {
  const directory = path.dirname(file);
  try {
    return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) throw error;
    throw new SandboxError("usage", `${file}: there is no directory ${directory} to write to`, {
      cause: error,
    });
  }
}

/** A commit moves what it replaces into its journal: nothing may be written there. */
function refuseMoved(file: string, directory: number): void {
  const { dev, ino } = fstatSync(directory);
  const now = statSync(path.dirname(file), { throwIfNoEntry: false });
  if (now?.dev !== dev || now.ino !== ino)
    throw new SandboxError("conflict", `${path.dirname(file)} was replaced meanwhile`);
}

/** Renaming over a device or a link would take it away. */
function refuseOther(file: string, at: string): void {
  const stat = lstatSync(at, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile())
    throw new SandboxError("usage", `${file}: it is there, and is not a file`);
}

/** May be written, as far as that can be told without writing. */
function refuseReadOnly(file: string, at: string): void {
  try {
    accessSync(`${path.dirname(at)}/.`, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!hasErrno(error, "EACCES", "EROFS", "EPERM", "ENOENT")) throw error;
    throw new SandboxError("usage", `${file}: its directory cannot be written`, { cause: error });
  }
}

/**
 * Appends to a file, made if it is not there, what `make` gives for its present size; undefined is nothing. Throws Node's error; `ELOOP` where the
 * file is a symbolic link.
 */
export function appendToFile(file: string, make: (size: number) => string | undefined): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  const fd = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, FILE_MODE);
  try {
    const text = make(fstatSync(fd).size);
    if (text !== undefined) writeAll(fd, Buffer.from(text));
  } finally {
    closeSync(fd);
  }
}
