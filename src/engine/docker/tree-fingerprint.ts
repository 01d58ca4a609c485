import { createHash } from "node:crypto";
import { type Digest, toDigest } from "../../core/ids.js";
import type { RelPath } from "../../core/path.js";
import type { FileStat } from "../../host/confined-stat.js";

/** What a tree looks like from outside, without a look into its files. */
export interface TreeFingerprint {
  /** Over path, type, mode, owner, size, times and inode of all entries. */
  readonly digest: Digest;
  /**
   * False where something was touched so shortly before that a later touch could leave the same times: then an equal
   * fingerprint proves nothing.
   */
  readonly isSettled: boolean;
  /** Ids of this machine that own something of it. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
}

/** Gathers a fingerprint from the entries of one walk. */
export interface FingerprintWriter {
  add(path: RelPath, stat: FileStat): void;
  /** Something was not as it was listed. */
  spoil(): void;
  finish(): TreeFingerprint;
}

/** Lines are given to the hash in pieces of about this size. */
const PIECE = 64 * 1024;
/** The kernel's clock for files stands still between its ticks, at most 10 ms; some filesystems count whole seconds (or two, FAT). */
const TICK_NS = 50_000_000n;
const COARSE_NS = 2_000_000_000n;

/** `salt` is what else decides of the bytes that are sent. */
export function openFingerprint(salt: string): FingerprintWriter {
  const hash = createHash("sha256");
  const startNs = BigInt(Date.now()) * 1_000_000n;
  let text = `${salt}\n`;
  let settled = true;
  const uids = new Set<number>();
  const gids = new Set<number>();
  return {
    add: (path, stat) => {
      settled &&= isOld(stat.ctimeNs, startNs);
      uids.add(stat.uid);
      gids.add(stat.gid);
      const { type, mode, uid, gid, size, mtimeNs, ctimeNs, ino } = stat;
      const name = path.isWellFormed() ? path : JSON.stringify(path);
      text += `${name}\0${type} ${mode} ${uid} ${gid} ${size} ${mtimeNs} ${ctimeNs} ${ino}\n`;
      if (text.length < PIECE) return;
      hash.update(text);
      text = "";
    },
    spoil: () => {
      settled = false;
    },
    finish: () => ({
      digest: toDigest(hash.update(text).digest("hex")),
      isSettled: settled,
      uids: [...uids],
      gids: [...gids],
    }),
  };
}

function isOld(ctimeNs: string, nowNs: bigint): boolean {
  const margin = ctimeNs.endsWith("000000000") ? COARSE_NS : TICK_NS;
  return BigInt(ctimeNs) + margin < nowNs;
}
