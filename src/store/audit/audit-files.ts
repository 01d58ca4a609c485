import { readdirSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../../core/error.js";

/** Where the parts of the audit log of `home` lie. */
export interface AuditFiles {
  readonly dir: string;
  /** What is written to. */
  readonly log: string;
  readonly lock: string;
  /** The newest signature over the end of the log. */
  readonly head: string;
  /** The private key of the heads, a JWK. */
  readonly key: string;
  /** The key before its first head is there. */
  readonly newKey: string;
}

/** See `AuditFiles`. Pure. */
export function toAuditFiles(home: string): AuditFiles {
  const dir = path.join(home, "audit");
  const at = (name: string): string => path.join(dir, name);
  return {
    dir,
    log: at("log.jsonl"),
    lock: at("log.lock"),
    head: at("head.json"),
    key: at("key"),
    newKey: at("key.new"),
  };
}

/** A file that was full and was put aside: `log-000001.jsonl` and so on. */
export interface RotatedFile {
  readonly number: number;
  readonly path: string;
}

/** Oldest first. */
export function listRotated({ dir }: AuditFiles): readonly RotatedFile[] {
  return readNames(dir)
    .flatMap((name) => {
      const number = /^log-(\d{6,9})\.jsonl$/.exec(name)?.[1];
      return number === undefined ? [] : [{ number: Number(number), path: path.join(dir, name) }];
    })
    .sort((a, b) => a.number - b.number);
}

/** The name that the file written to now will have. */
export function toRotatedPath({ dir }: AuditFiles, number: number): string {
  return path.join(dir, `log-${String(number).padStart(6, "0")}.jsonl`);
}

function readNames(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  }
}
