import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../../core/error.js";
import { writeFileAtomic } from "../../host/atomic-file.js";
import { lock } from "../../host/file-lock.js";
import { openNative } from "../../host/native.js";
import { toContentId } from "./content-id.js";

/** Ids of the images that we have made with one daemon. */
export interface KnownImages {
  find(name: string): string | undefined;
  remember(name: string, id: string): void;
  /** Of all processes that keep theirs at the same place, one makes an image at a time. */
  lock(): Promise<Disposable>;
}

const ID = /^sha256:[0-9a-f]{64}$/;
const WAIT_MS = 300_000;

/** Those that are kept below `cacheDir`; what is lost there is only made once more. Without it, as long as this process. */
export function openKnownImages(address: string, cacheDir: string | undefined): KnownImages {
  const ids = new Map<string, string>();
  if (cacheDir === undefined)
    return {
      find: (name) => ids.get(name),
      remember: (name, id) => void ids.set(name, id),
      lock: async () => ({ [Symbol.dispose]: () => {} }),
    };
  const directory = path.join(cacheDir, "docker-images");
  const toFile = (name: string): string => path.join(directory, toContentId([address, name]));
  return {
    find: (name) => readId(toFile(name)),
    remember: (name, id) => writeFileAtomic(toFile(name), `${id}\n`, { sync: false }),
    lock: async () => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return await lock(openNative(), path.join(directory, "lock"), { timeoutMs: WAIT_MS });
    },
  };
}

function readId(file: string): string | undefined {
  try {
    const id = readFileSync(file, "latin1").trim();
    return ID.test(id) ? id : undefined;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** What a daemon says of an image it has made. Podman leaves the algorithm out. */
export function parseImageId(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  const id = text.trim().replace(/^(sha256:)?/, "sha256:");
  return ID.test(id) ? id : undefined;
}
