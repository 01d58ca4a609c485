import { createHash } from "node:crypto";
import type { Change, Changeset } from "../core/change.js";
import { type Digest, toDigest } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import { readContent } from "../overlay/read-content.js";
import { toByteLines } from "../review/byte-lines.js";
import { DIFF_LIMITS } from "../review/text-diff.js";
import type { Controller } from "./controller.js";
import { layersOf } from "./session-review.js";

/**
 * Keeps what the workspace has of each text file that the task changed, so that a merge has its base when the person has
 * edited the file by then. At most 1 MiB of a file, 64 MiB of a session; says so once where that is not enough.
 */
export async function keepBases(
  controller: Controller,
  record: SessionRecord,
  changeset: Changeset,
): Promise<void> {
  if (!changeset.changes.some(isMergeable)) return;
  const left = await controller.store.keepBases(record.session, readBases(record, changeset));
  if (left === 0) return;
  controller.notice(
    `${left} changed files are more than is kept for a merge (64 MiB): edit one meanwhile, and it is a conflict`,
  );
}

function* readBases(
  record: SessionRecord,
  changeset: Changeset,
): Generator<{ readonly digest: Digest; readonly bytes: Uint8Array }> {
  for (const change of changeset.changes) {
    if (!isMergeable(change)) continue;
    const options = { maxBytes: DIFF_LIMITS.bytes };
    const bytes = readContent(layersOf(record, change).lower, change.path, options);
    if (bytes === undefined || toByteLines(bytes) === undefined) continue;
    const digest = digestOf(bytes);
    if (digest === change.before?.digest) yield { digest, bytes };
  }
}

/** A file that stays one, whose base is known to be what the task began with. */
function isMergeable({ before, after, hostTouched }: Change): boolean {
  return (
    before?.type === "file" &&
    after?.type === "file" &&
    before.digest !== after.digest &&
    before.size <= DIFF_LIMITS.bytes &&
    after.size <= DIFF_LIMITS.bytes &&
    hostTouched === undefined
  );
}

/** The SHA-256 of bytes in memory. */
export function digestOf(bytes: Uint8Array): Digest {
  return toDigest(createHash("sha256").update(bytes).digest("hex"));
}
