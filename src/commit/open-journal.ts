import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import type { RelPath } from "../core/path.js";
import type { FileOps } from "../host/confined-ops.js";
import { RENAME_NOREPLACE } from "../host/native.js";
import { COMMIT_ROOT, type Roots } from "./roots.js";

/** The journal's name in a commit's directory. */
export const JOURNAL_NAME = "journal.jsonl" as RelPath;

/** Its name until the plan in it is durable: so one of the other name never holds a part of a plan. */
const DRAFT_NAME = "journal.new" as RelPath;

/** The beginning of a journal: its length in bytes and the SHA-256 of it so far. */
export interface SoundPart {
  readonly length: number;
  readonly hash: Hash;
}

const CHUNK_BYTES = 256 * 1024;
/** Bytes of a UTF-16 unit in UTF-8, at most. */
const LONGEST_UNIT = 3;

/** A journal open for appending. Records are JSON, one a line. */
export interface Journal extends Disposable {
  /** Appends records of the kind `t`; they are not durable before `sync`. */
  append(t: string, records: Iterable<object>): void;
  /** Appends lines of `toLine`. */
  appendLines(lines: Iterable<string>): void;
  /** Appends a record with the SHA-256 of everything before it: what ends a part that must be whole. */
  appendSealed(record: object): void;
  sync(): void;
  /** Gives a new journal its name. It is durable when the commit's directory has been synced. */
  publish(): void;
  /** Takes back what was appended since `mark`, durably. */
  readonly length: number;
  cutTo(length: number): void;
}

/** Creates the journal of a new commit, which `publish` names, or goes on after the `sound` part of one. */
export function openJournal(ops: FileOps, roots: Roots, sound?: SoundPart): Journal {
  const name = sound === undefined ? DRAFT_NAME : JOURNAL_NAME;
  const at = roots.at({ root: COMMIT_ROOT, path: name });
  const create = sound === undefined ? constants.O_CREAT | constants.O_EXCL : 0;
  const fd = ops.openFile(at, constants.O_WRONLY | constants.O_APPEND | create);
  const hash = sound?.hash ?? createHash("sha256");
  let length = sound?.length ?? 0;
  if (sound !== undefined) ops.truncate(fd, length);
  // One for all pieces: what is outside of V8's heap is freed late.
  const buffer = Buffer.allocUnsafe(2 * LONGEST_UNIT * CHUNK_BYTES);
  const write = (text: string): void => {
    const fits = text.length * LONGEST_UNIT <= buffer.length;
    const data = fits ? buffer.subarray(0, buffer.write(text)) : Buffer.from(text, "utf8");
    ops.write(fd, data);
    hash.update(data);
    length += data.length;
  };
  const appendLines = (lines: Iterable<string>): void => {
    let text = "";
    for (const line of lines) {
      text += line;
      if (text.length < CHUNK_BYTES) continue;
      write(text);
      text = "";
    }
    if (text !== "") write(text);
  };
  return {
    append: (t, records) => appendLines(toLines(t, records)),
    appendLines,
    appendSealed: (record) => {
      write(`${JSON.stringify({ ...record, sha256: hash.copy().digest("hex") })}\n`);
    },
    sync: () => ops.syncData(fd),
    publish: () => {
      const to = roots.at({ root: COMMIT_ROOT, path: JOURNAL_NAME });
      ops.rename(roots.at({ root: COMMIT_ROOT, path: DRAFT_NAME }), to, RENAME_NOREPLACE);
    },
    get length() {
      return length;
    },
    cutTo: (shorter) => {
      ops.truncate(fd, shorter);
      ops.syncData(fd);
    },
    [Symbol.dispose]: () => ops.close(fd),
  };
}

/** A record of the kind `t` as it is in a journal: `append` writes the same. */
export function toLine(t: string, record: object): string {
  // The kind is put before the fields as text: copying a hundred thousand records for it would double them.
  const fields = JSON.stringify(record).slice(1);
  return fields === "}" ? `{"t":"${t}"}\n` : `{"t":"${t}",${fields}\n`;
}

function* toLines(t: string, records: Iterable<object>): Generator<string> {
  for (const record of records) yield toLine(t, record);
}
