import { closeSync, openSync, readSync } from "node:fs";
import * as z from "zod/mini";
import type { Change, Changeset } from "../core/change.js";
import { hasErrno, SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import { parseChange } from "./parse-change.js";
import { absolutePath, count, digest, noticeSchema } from "./core-schema.js";
import { parseRecord, toDamaged } from "./read-record.js";

/** Small: what is not in use any more is freed late. */
const CHUNK_BYTES = 1 << 16;
const LONGEST_LINE = 64 << 20;

const headerSchema = z.strictObject({
  schema: z.literal("changeset/1"),
  workspaces: z.array(absolutePath),
  notices: z.array(noticeSchema),
  digest,
  count,
  changes: z.array(z.never()),
});

/**
 * Reads what `toChangesetLines` wrote: a JSON object whose first line holds all but the changes, then one
 * change a line, so that a hundred thousand of them need no text of a hundred megabytes. Strict: a line
 * too many or too few, or one that does not parse, is `damaged`. Throws `not-found` where there is no file.
 */
export function readChangesetFile(file: string, session: SessionId): Changeset {
  try {
    return parseLines(file, readLines(file));
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
    throw new SandboxError("not-found", `the changeset of ${session} is not there`, {
      hint: "`sandbox prune` removes that of a session that changed nothing, or was committed",
      cause: error,
    });
  }
}

function parseLines(file: string, lines: Iterator<string, undefined>): Changeset {
  const header = parseRecord(`${lines.next().value ?? ""}]}`, { file, schema: headerSchema });
  const changes: Change[] = [];
  for (let line = lines.next().value; line !== "]}"; line = lines.next().value) {
    if (line === undefined) throw toDamaged(file, "its end is missing");
    const last = !line.endsWith(",");
    const change = parseChange(last ? line : line.slice(0, -1), file);
    if (change.workspace >= header.workspaces.length)
      throw toDamaged(file, `${change.path} is in a workspace it does not name`);
    changes.push(change);
  }
  if (lines.next().value !== undefined) throw toDamaged(file, "something follows its end");
  if (changes.length !== header.count)
    throw toDamaged(file, `${changes.length} changes where ${header.count} were written`);
  const { schema, workspaces, notices } = header;
  return { schema, workspaces, changes, notices, digest: header.digest };
}

/** The lines of `file`, read piece by piece. */
function* readLines(file: string): Generator<string, undefined> {
  const fd = openSync(file, "r");
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    for (let size = readSync(fd, chunk); size > 0; size = readSync(fd, chunk)) {
      const bytes = Buffer.concat([rest, chunk.subarray(0, size)]);
      const end = bytes.lastIndexOf(10);
      if (end < 0 && bytes.length > LONGEST_LINE) throw toDamaged(file, "a line has no end");
      if (end > 0) yield* bytes.toString("utf8", 0, end).split("\n");
      rest = bytes.subarray(end + 1);
    }
    if (rest.length > 0) yield rest.toString("utf8");
    return undefined;
  } finally {
    closeSync(fd);
  }
}
