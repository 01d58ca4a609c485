import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";
import { type FileLine, readFileLines } from "../host/file-lines.js";
import { JOURNAL_NAME, type SoundPart } from "./open-journal.js";
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
  /** What goes up to the end of the last whole record. */
  readonly sound: SoundPart;
}

/** What a reader of a journal has no use for need not be held: there may be a hundred thousand steps. */
export interface ReadJournalOptions {
  /** Given the line of each step; true: it was taken from there, and is not among the transaction's. */
  readonly takeStep?: (line: string) => boolean;
  /** Steps come without their sources: what is sealed is not staged again. */
  readonly withoutSources?: true;
}

type Entry = { readonly t: string } & Readonly<Record<string, unknown>>;

/** What some filesystems show where a file had grown and its content was not written when the power failed. No record holds it. */
const NUL = "\0";
const STEP_START = '{"t":"step",';

/**
 * Reads a commit's journal, piece by piece. A last line that was cut short is as if it had not been written, and so is a stretch
 * after the plan that was not synced when the power failed. Throws `damaged`, naming the file, for anything else that is not as
 * it was written; `not-found` where there is none.
 */
export function readJournal(commitDir: string, options: ReadJournalOptions = {}): JournalContent {
  const file = path.join(commitDir, JOURNAL_NAME);
  const reader = createReader(file, options);
  try {
    for (const line of readFileLines(file)) {
      if (line.text.includes(NUL) && reader.isUnwritten(line.start)) break;
      reader.take(line);
    }
  } catch (error) {
    if (hasErrno(error, "ENOENT")) throw new SandboxError("not-found", `no journal at ${file}`);
    throw error;
  }
  return reader.finish();
}

interface Building {
  header?: TransactionHeader;
  readonly steps: Step[];
  /** With those that were taken. */
  count: number;
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
  options: ReadJournalOptions,
): {
  take(line: FileLine): void;
  /** True where what begins at `start` with NULs may be what no sync had come for: nothing was done on the strength of it. */
  isUnwritten(start: number): boolean;
  finish(): JournalContent;
} {
  const hash = createHash("sha256");
  let length = 0;
  const building: Building = {
    ...{ steps: [], dirs: [], opaques: [], stepStamps: new Map(), dirStamps: new Map() },
    ...{ count: 0, ready: false, sealed: false, left: new Set() },
  };
  const takeEntry = (text: string): void => {
    const isTaken = text.startsWith(STEP_START) && options.takeStep?.(text) === true;
    if (isTaken) {
      building.count += 1;
      return;
    }
    const entry = parseEntry(file, text);
    const { sha256 } = entry;
    if (typeof sha256 === "string" && sha256 !== hash.copy().digest("hex"))
      throw damaged(file, `what comes before its "${entry.t}" record was altered`);
    if (options.withoutSources === true && "source" in entry)
      addEntry(file, building, { ...entry, source: undefined });
    else addEntry(file, building, entry);
  };
  return {
    take: ({ text, bytes }) => {
      takeEntry(text);
      hash.update(bytes);
      length += bytes.length;
    },
    isUnwritten: (start) => {
      const rest = readFileSync(file).subarray(start);
      return building.ready && !syncedBefore(building).some((t) => rest.includes(`{"t":"${t}"`));
    },
    finish: () => ({
      transaction: toTransaction(building),
      staged: building.staged,
      results: { steps: building.stepStamps, dirs: building.dirStamps },
      sealed: building.sealed,
      ended: building.ended,
      left: building.left,
      sound: { length, hash },
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
      building.count += 1;
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
    ready["steps"] === building.count &&
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
