import { closeSync, fsyncSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";
import { writeFileAtomic } from "../../host/atomic-file.js";
import { isRecord } from "./parse-answer.js";
import type { KnownOwners } from "./upper-entry.js";

const FILE = "carried.json";

/** What this machine knows of layers that are on a daemon. */
export interface CarriedRecord {
  /** The label of their volume: another volume of that name is not theirs. */
  readonly nonce: string;
  /** Who owned what was sent. */
  readonly owners: KnownOwners;
  /** The uppers here are what the task left: the daemon has nothing more to give. */
  readonly isBroughtBack: boolean;
}

/**
 * Keeps the record in a session's scratch directory, on disk: whoever brings the changes back may be another process. Written when
 * the layers are complete on the daemon; without it they are taken for ones that no task ever had, with it they must be
 * there until they have been brought back.
 */
export function writeCarried(scratchDir: string, record: CarriedRecord): void {
  const { nonce, owners, isBroughtBack } = record;
  const content = { nonce, uids: [...owners.uids], gids: [...owners.gids], isBroughtBack };
  writeFileAtomic(path.join(scratchDir, FILE), JSON.stringify(content));
}

/** Forgets an earlier revision's, on disk, before anything is sent: half of what is sent must never count as a task's work. */
export function removeCarried(scratchDir: string): void {
  rmSync(path.join(scratchDir, FILE), { force: true });
  const directory = openSync(scratchDir, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** What `writeCarried` kept; undefined where it kept nothing. Throws `damaged` for anything else. */
export function readCarried(scratchDir: string): CarriedRecord | undefined {
  const file = path.join(scratchDir, FILE);
  const content = readJson(file);
  if (content === undefined) return undefined;
  if (!isRecord(content) || typeof content["nonce"] !== "string")
    throw new SandboxError("damaged", `${file} is not what was written there`);
  const { nonce, uids, gids, isBroughtBack } = content;
  const owners = { uids: toIds(uids), gids: toIds(gids) };
  return { nonce, owners, isBroughtBack: isBroughtBack === true };
}

function toIds(value: unknown): ReadonlySet<number> {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return new Set(list.filter((one) => typeof one === "number"));
}

function readJson(file: string): unknown {
  try {
    const content: unknown = JSON.parse(readFileSync(file, "utf8"));
    return content;
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw new SandboxError("damaged", `${file} cannot be read`, { cause: error });
  }
}
