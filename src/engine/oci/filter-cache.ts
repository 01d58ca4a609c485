import { existsSync, lstatSync, mkdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../../core/error.js";
import { writeFileAtomic } from "../../host/atomic-file.js";
import { sha256Hex } from "../../host/sha256.js";
import type { Runtime } from "./find-runtime.js";

const DIGEST_BYTES = 32;

/** Where libseccomp, which does the compiling, may lie. */
const LIBSECCOMP = [
  process.arch === "arm64" ? "/usr/lib/aarch64-linux-gnu" : "/usr/lib/x86_64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
].map((directory) => `${directory}/libseccomp.so.2`);

/** Compiled filters of one user: `<cacheDir>/seccomp/<key>.bpf`, each with its SHA-256 in front. */
export interface FilterCache {
  read(): Buffer | undefined;
  write(filter: Uint8Array): void;
}

/** The place of the filter that `runtime` makes of `profileText` on this machine. */
export function openFilterCache(
  cacheDir: string,
  runtime: Runtime,
  profileText: string,
): FilterCache {
  const directory = path.join(cacheDir, "seccomp");
  const file = path.join(directory, `${toKey(runtime, profileText)}.bpf`);
  return {
    read: () => readFilter(file),
    write: (filter) => writeFilter(directory, file, filter),
  };
}

/** The program's and the library's identity stand for their versions: asking them would cost a process. */
function toKey(runtime: Runtime, profileText: string): string {
  const library = LIBSECCOMP.find((file) => existsSync(file)) ?? "";
  const identity = [process.arch, runtime.path, toStamp(runtime.path), toStamp(library)].join("\0");
  return sha256Hex(`${identity}\0${profileText}`).slice(0, 40);
}

function toStamp(file: string): string {
  if (file === "") return "";
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${file} ${stat.size} ${stat.mtimeMs} ${stat.ino}`;
}

/** A filter that is not ours alone, or not what was stored, is as good as none. */
function readFilter(file: string): Buffer | undefined {
  try {
    const { uid, mode } = lstatSync(file);
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return undefined;
    const bytes = readFileSync(file);
    const filter = bytes.subarray(DIGEST_BYTES);
    const digest = Buffer.from(sha256Hex(filter), "hex");
    return filter.length > 0 && digest.equals(bytes.subarray(0, DIGEST_BYTES)) ? filter : undefined;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

function writeFilter(directory: string, file: string, filter: Uint8Array): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const digest = Buffer.from(sha256Hex(filter), "hex");
  writeFileAtomic(file, Buffer.concat([digest, filter]), { sync: false });
}
