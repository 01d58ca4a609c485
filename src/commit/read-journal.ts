import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";
import { JOURNAL_NAME } from "./open-journal.js";
import type { Staged } from "./stage-steps.js";
import type { OpaqueDir, Step, TouchedDir } from "./step.js";
import type { Results, Stamp, Transaction, TransactionHeader } from "./transaction.js";

/** A journal as it was found. */
export interface JournalContent {
  /** Absent where the plan was never whole: then nothing was touched. */
  readonly transaction: Transaction | undefined;
  /** Absent where no path of a workspace was touched. */
  readonly staged: ReadonlyMap<number, Staged> | undefined;
  readonly results: Results;
  readonly sealed: boolean;
  /** How it ended; absent: it is hot. */
  readonly ended: "done" | "undone" | undefined;
  /** Steps that a recovery left to a person. */
  readonly left: ReadonlySet<number>;
  /** The bytes up to the end of the last whole record. */
  readonly sound: Buffer;
}

type Entry = { readonly t: string } & Readonly<Record<string, unknown>>;

const NEWLINE = 0x0a;
/** What some filesystems show where a file had grown and its content was not written when the power failed. No record holds it. */
const NUL = 0;

/**
 * Reads a commit's journal. A last line that was cut short is as if it had not been written, and so is a stretch after the plan that
 * was not synced when the power failed. Throws `damaged`, naming the file, for anything else that is not as it was
 * written; `not-found` where there is none.
 */
export function readJournal(commitDir: string): JournalContent {
  const file = path.join(commitDir, JOURNAL_NAME);
  const bytes = readBytes(file);
  const reader = createReader(file, bytes);
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    if (bytes.subarray(start, end).includes(NUL) && reader.isUnwritten(start)) break;
    reader.take(start, end);
    start = end + 1;
  }
  return reader.finish(bytes.subarray(0, start));
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) throw new SandboxError("not-found", `no journal at ${file}`);
    throw error;
  }
}

interface Building {
  header?: TransactionHeader;
  readonly steps: Step[];
  readonly dirs: TouchedDir[];
  readonly opaques: OpaqueDir[];
  ready: boolean;
  staged?: ReadonlyMap<number, Staged>;
  readonly stepStamps: Map<number, Stamp>;
  readonly dirStamps: Map<number, Stamp & { readonly mtimeNs: string }>;
  sealed: boolean;
  ended?: "done" | "undone";
  left: ReadonlySet<number>;
}

function createReader(
  file: string,
  bytes: Buffer,
): {
  /** The line between two places of `bytes`, its end not included. */
  take(start: number, end: number): void;
  /** True where what begins at `start` with NULs may be what no sync had come for: nothing was done on the strength of it. */
  isUnwritten(start: number): boolean;
  finish(sound: Buffer): JournalContent;
} {
  const hash = createHash("sha256");
  let hashed = 0;
  const building: Building = {
    ...{ steps: [], dirs: [], opaques: [], stepStamps: new Map(), dirStamps: new Map() },
    ...{ ready: false, sealed: false, left: new Set() },
  };
  return {
    take: (start, end) => {
      const entry = parseEntry(file, bytes.toString("utf8", start, end));
      if (typeof entry["sha256"] === "string") {
        hash.update(bytes.subarray(hashed, start));
        hashed = start;
        if (entry["sha256"] !== hash.copy().digest("hex"))
          throw damaged(file, `what comes before its "${entry.t}" record was altered`);
      }
      addEntry(file, building, entry);
    },
    isUnwritten: (start) =>
      building.ready && !syncedBefore(building).some((t) => bytes.includes(`{"t":"${t}"`, start)),
    finish: (sound) => ({
      transaction: toTransaction(building),
      staged: building.staged,
      results: { steps: building.stepStamps, dirs: building.dirStamps },
      sealed: building.sealed,
      ended: building.ended,
      left: building.left,
      sound,
    }),
  };
}

/** Records before which all that precedes was synced: with one of them behind it, a hole is damage. */
function syncedBefore({ staged }: Building): readonly string[] {
  return staged === undefined ? [...ENDS, "results", "sealed"] : ENDS;
}

const ENDS = ["left", "done", "undone"] as const;

function parseEntry(file: string, line: string): Entry {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    throw damaged(file, "a line of it is no JSON");
  }
  if (typeof entry !== "object" || entry === null || !("t" in entry) || typeof entry.t !== "string")
    throw damaged(file, "a line of it is no record");
  return entry as Entry;
}

/**
 * Records are taken as they are: the SHA-256 in `ready`, `staged` and `sealed` says that every byte before is the one this program
 * wrote, and nothing is done before the first of them.
 */
function addEntry(file: string, building: Building, entry: Entry): void {
  // With their `t`: a copy without it of each of a hundred thousand would cost as much as to parse them.
  const value: unknown = entry;
  const { t } = entry;
  switch (t) {
    case "begin":
      building.header = value as TransactionHeader;
      if (building.header.schema !== "journal/1")
        throw damaged(file, "its schema is not journal/1");
      return;
    case "step":
      building.steps.push(value as Step);
      return;
    case "dir":
      building.dirs.push(value as TouchedDir);
      return;
    case "opaque":
      building.opaques.push(value as OpaqueDir);
      return;
    case "ready":
      building.ready = isWhole(entry, building);
      if (!building.ready) throw damaged(file, "its plan is not whole");
      return;
    default:
      if (!building.ready) throw damaged(file, `it holds "${t}" before its plan`);
      addOutcome(file, building, entry);
  }
}

function isWhole(ready: Readonly<Record<string, unknown>>, building: Building): boolean {
  return (
    typeof ready["sha256"] === "string" &&
    ready["steps"] === building.steps.length &&
    building.header !== undefined
  );
}

type StagedRow = readonly [number, string, string];
type DirRow = readonly [number, string, string, string];

function addOutcome(file: string, building: Building, entry: Entry): void {
  switch (entry.t) {
    case "staged": {
      const rows = entry["states"] as readonly StagedRow[];
      building.staged = new Map(rows.map(([n, ino, mtimeNs]) => [n, { ino, mtimeNs }]));
      return;
    }
    case "results":
      for (const [n, ino, ctimeNs] of (entry["steps"] ?? []) as readonly StagedRow[])
        building.stepStamps.set(n, { ino, ctimeNs });
      for (const [n, ino, ctimeNs, mtimeNs] of (entry["dirs"] ?? []) as readonly DirRow[])
        building.dirStamps.set(n, { ino, ctimeNs, mtimeNs });
      return;
    case "sealed":
      building.sealed = true;
      return;
    case "left":
      building.left = new Set([...building.left, ...(entry["steps"] as readonly number[])]);
      return;
    case "done":
    case "undone":
      building.ended = entry.t;
      return;
    default:
      throw damaged(file, `it holds an unknown record "${entry.t}"`);
  }
}

function toTransaction(building: Building): Transaction | undefined {
  const { header, steps, dirs, opaques, ready } = building;
  return header === undefined || !ready ? undefined : { header, steps, dirs, opaques };
}

function damaged(file: string, how: string): SandboxError {
  return new SandboxError("damaged", `${file}: the journal is damaged: ${how}`, {
    hint: "it was left as it is; the earlier versions of files are in `before` beside it",
  });
}
