import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../../core/error.js";
import { type Digest, parseDigest } from "../../core/ids.js";
import { writeFileAtomic } from "../../host/atomic-file.js";

/** What trees that were sent once had in them: fingerprint → digest, one small file each. */
export interface KnownTrees {
  find(fingerprint: Digest): Digest | undefined;
  remember(fingerprint: Digest, digest: Digest): void;
}

/** Those of one user, below `cacheDir`. What is lost there is only sent once more. */
export function openKnownTrees(cacheDir: string): KnownTrees {
  const directory = path.join(cacheDir, "trees");
  const toFile = (fingerprint: Digest): string =>
    path.join(directory, fingerprint.slice("sha256:".length));
  return {
    find: (fingerprint) => {
      try {
        return parseDigest(readFileSync(toFile(fingerprint), "utf8").trim());
      } catch (error) {
        if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
        throw error;
      }
    },
    remember: (fingerprint, digest) => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileAtomic(toFile(fingerprint), `${digest}\n`, { sync: false });
    },
  };
}
