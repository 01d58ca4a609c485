import { readFileSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";
import { writeFileAtomic } from "../../host/atomic-file.js";
import { isRecord } from "./parse-answer.js";
import type { KnownOwners } from "./upper-entry.js";

const FILE = "carried.json";

/**
 * Keeps, in a session's scratch directory, who owned what was sent: whoever brings the changes back may be another process.
 * On disk when the layers are complete on the daemon: from then on they can hold a task's work, and without this they
 * would be taken for ones that no task ever had.
 */
export function writeCarried(scratchDir: string, owners: KnownOwners): void {
  const content = { uids: [...owners.uids], gids: [...owners.gids] };
  writeFileAtomic(path.join(scratchDir, FILE), JSON.stringify(content), { sync: true });
}

/** What `writeCarried` kept; undefined where it kept nothing. */
export function readCarried(scratchDir: string): KnownOwners | undefined {
  const content = readJson(path.join(scratchDir, FILE));
  if (!isRecord(content)) return undefined;
  const { uids, gids } = content;
  return { uids: toIds(uids), gids: toIds(gids) };
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
