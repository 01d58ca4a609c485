import type { Changeset } from "../core/change.js";
import { hasErrno } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import { readChangesetFile } from "./changeset-file.js";
import { readSession } from "./session-reader.js";
import { dropStaged, placeStaged, stagedFile } from "./stage-changeset.js";
import type { StoreLayout } from "./store-layout.js";

/**
 * The staged changeset of a session, if the record says that it is the session's: its digest is the record's. Undefined otherwise: the
 * process that staged it was killed before it wrote the record.
 */
export function readStaged(layout: StoreLayout, id: SessionId): Changeset | undefined {
  const { digest } = readSession(layout, id);
  const staged = readIfThere(layout, id);
  return staged !== undefined && staged.digest === digest ? staged : undefined;
}

/** See `Store.adoptChangeset`. */
export function adoptStaged(layout: StoreLayout, id: SessionId): void {
  const dir = layout.sessionDir(id);
  if (readStaged(layout, id) === undefined) dropStaged(dir);
  else placeStaged(dir, "changeset.json");
}

/** Another process may have adopted it since it was looked for. */
function readIfThere(layout: StoreLayout, id: SessionId): Changeset | undefined {
  try {
    return readChangesetFile(stagedFile(layout.sessionDir(id)), id);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && hasErrno(error.cause, "ENOENT");
}
