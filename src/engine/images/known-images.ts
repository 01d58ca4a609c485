import { mkdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../../core/error.js";
import { writeFileAtomic } from "../../host/atomic-file.js";
import { sha256Hex } from "../../host/sha256.js";

/** What `file` is now: changes with its content, its place and what is picked of it. */
export function toFileKey(file: string, pick: string | undefined): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return [file, dev, ino, size, mtimeNs, ctimeNs, pick ?? ""].join("\n");
}

/** The image id that was found for `key`; undefined where that was never. */
export function recallImage(imagesDir: string, key: string): string | undefined {
  try {
    const text = readFileSync(toKnownFile(imagesDir, key), "utf8");
    return /^sha256:[0-9a-f]{64}$/.test(text) ? text : undefined;
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** So that an archive of gigabytes is not read again to learn what it holds. */
export function rememberImage(imagesDir: string, key: string, id: string): void {
  const file = toKnownFile(imagesDir, key);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileAtomic(file, id, { sync: false });
}

function toKnownFile(imagesDir: string, key: string): string {
  return path.join(imagesDir, "known", sha256Hex(key));
}
