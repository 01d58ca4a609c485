import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from "node:fs";
import path from "node:path";
import { hasErrno } from "../../core/error.js";
import { isInside } from "../../core/system-path.js";

/** What of a person's home is copied, relative to the home; parents come before what lies in them. */
export type HomePart =
  | { readonly type: "dir"; readonly path: string }
  | { readonly type: "file"; readonly path: string; readonly text: string; readonly mode: number }
  /** It stays within its entry. */
  | { readonly type: "link"; readonly path: string; readonly to: string };

/** What was read of one entry, and what was not, with the reason. */
export interface HomeEntry {
  readonly parts: readonly HomePart[];
  readonly left: readonly string[];
}

const MOST_FILE = 1 << 20;
const MOST_BYTES = 32 << 20;
const MOST_PARTS = 2000;
const MOST_DEPTH = 16;

/**
 * Reads a file or directory of the home. A link to something else in the home is followed where it is the entry itself (as of who keeps such files
 * elsewhere), and nowhere below. Sockets, devices and what is no text are left out. Not there: no parts, and nothing is left out.
 */
export function readHomeEntry(home: string, entry: string): HomeEntry {
  const reader = new EntryReader(entry);
  let real: string;
  try {
    real = realpathSync(path.join(home, entry));
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return reader;
    if (!hasErrno(error, "EACCES", "ELOOP")) throw error;
    reader.leave(entry, "it cannot be read");
    return reader;
  }
  if (real === home || !isInside(real, home)) reader.leave(entry, "it leads out of your home");
  else reader.read(real, entry, 0);
  return reader;
}

class EntryReader implements HomeEntry {
  readonly parts: HomePart[] = [];
  readonly left: string[] = [];
  readonly #entry: string;
  #bytes = 0;

  constructor(entry: string) {
    this.#entry = entry;
  }

  leave(name: string, reason: string): void {
    this.left.push(`${name}: ${reason}`);
  }

  read(file: string, name: string, depth: number): void {
    try {
      this.#read(file, name, depth);
    } catch (error) {
      // It may have gone or changed since it was listed.
      if (!hasErrno(error, "EACCES", "ENOENT", "ELOOP", "ENXIO", "ENOTDIR")) throw error;
      this.leave(name, "it cannot be read");
    }
  }

  #read(file: string, name: string, depth: number): void {
    const stats = lstatSync(file);
    if (this.parts.length >= MOST_PARTS) this.leave(name, `more than ${MOST_PARTS} files`);
    else if (stats.isSymbolicLink()) this.#readLink(file, name);
    else if (stats.isFile()) this.#readFile(file, name);
    else if (!stats.isDirectory()) this.leave(name, "no file");
    else if (depth >= MOST_DEPTH) this.leave(name, "too deep");
    else this.#readDirectory(file, name, depth);
  }

  #readDirectory(file: string, name: string, depth: number): void {
    const names = readdirSync(file).toSorted();
    this.parts.push({ type: "dir", path: name });
    for (const child of names) this.read(path.join(file, child), `${name}/${child}`, depth + 1);
  }

  #readLink(file: string, name: string): void {
    const to = readlinkSync(file);
    const target = path.posix.join(path.posix.dirname(name), to);
    if (path.isAbsolute(to) || !isInside(target, this.#entry))
      this.leave(name, `a link out of ${this.#entry}`);
    else this.parts.push({ type: "link", path: name, to });
  }

  #readFile(file: string, name: string): void {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(fd);
      const reason = this.#refuse(stats);
      const text = reason === undefined ? decode(readFileSync(fd)) : undefined;
      if (text === undefined) {
        this.leave(name, reason ?? "no text");
        return;
      }
      this.#bytes += stats.size;
      this.parts.push({ type: "file", path: name, text, mode: stats.mode & 0o700 });
    } finally {
      closeSync(fd);
    }
  }

  #refuse(stats: Stats): string | undefined {
    if (!stats.isFile()) return "no file";
    if (stats.size > MOST_FILE) return "larger than 1 MiB";
    return this.#bytes + stats.size > MOST_BYTES ? "more than 32 MiB together" : undefined;
  }
}

function decode(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
