import * as crypto from "node:crypto";
import type { AuditRecord } from "../../core/audit-entry.js";
import { MOST_UNSIGNED } from "./append-audit.js";
import { toAuditFiles } from "./audit-files.js";
import { type FoundHead, type HeadClaim, readHead } from "./audit-head.js";
import { parseAuditLine } from "./audit-record-schema.js";
import { type AuditLine, findMissingFile, readAuditLines } from "./read-lines.js";

/** What was found of the log. */
export interface AuditVerification {
  /** Records that are in order, up to the first that is not. */
  readonly records: number;
  readonly files: number;
  /** Of `records`: of before there were numbers. */
  readonly unnumbered: number;
  /** Lines that a killed writer did not finish: no tampering. */
  readonly torn: number;
  /** What the newest head says; absent where nothing is signed. */
  readonly signed?: HeadClaim;
  /** Of `records`: not covered by the head. They could be cut off, or the last of them edited, unseen. */
  readonly unsigned: number;
  /** The first thing that is wrong; absent where nothing is. */
  readonly problem?: AuditProblem;
}

/** Where the log is not what was written, and why. */
interface AuditProblem {
  readonly file: string;
  /** Of the file, from 1; absent where a file or the end is missing. */
  readonly line?: number;
  readonly seq?: number;
  readonly why: string;
}

/**
 * Reads the whole log of `home` in bounded memory and compares it with its chain, its numbers and its signed head. It finds an edit, a
 * cut, a reorder, a gap and a file that is missing. `onProgress` is told how many records were read.
 */
export function verifyAudit(
  home: string,
  onProgress: (records: number) => void,
): AuditVerification {
  // Read before the log: what is signed was there when it was signed.
  const head = readHead(toAuditFiles(home));
  const walk = new AuditWalk(head.state === "good" ? head.head : undefined);
  const missing = findMissingFile(home);
  if (missing !== undefined) walk.problem = missingFile(missing);
  else
    for (const line of readAuditLines(home)) {
      walk.take(line);
      if (walk.problem !== undefined) break;
      if (walk.records % PROGRESS_EVERY === 0) onProgress(walk.records);
    }
  return walk.end(head);
}

const PROGRESS_EVERY = 10_000;
/** Never left unsigned. A writer may be killed before it has signed the last one. */
const SEALED = /\.sealed$/;

function missingFile(number: number): AuditProblem {
  const file = `log-${String(number).padStart(6, "0")}.jsonl`;
  return { file, why: "the file is missing, though later ones are there" };
}

class AuditWalk {
  records = 0;
  problem: AuditProblem | undefined;
  readonly #head: HeadClaim | undefined;
  readonly #files = new Set<string>();
  #unnumbered = 0;
  #torn = 0;
  #seq = 0;
  #hash = "";
  #lastFile = "log.jsonl";
  #hasSealed = false;
  /** Something was signed for sure: a numbered record that is, and one after it. */
  #mustBeSigned = false;

  constructor(head: HeadClaim | undefined) {
    this.#head = head;
  }

  take(line: AuditLine): void {
    this.#files.add(line.file);
    this.#lastFile = line.file;
    const record = line.tooLong ? undefined : parseAuditLine(line.bytes);
    const why = line.tooLong ? "the line is longer than any record" : this.#judge(record);
    if (why !== undefined) {
      const { file, line: at } = line;
      this.problem = {
        file,
        line: at,
        ...(record?.seq === undefined ? {} : { seq: record.seq }),
        why,
      };
      return;
    }
    this.#hash = toHash(line.bytes);
    if (record === undefined) {
      this.#torn += 1;
      return;
    }
    this.records += 1;
    if (record.seq === undefined) this.#unnumbered += 1;
    else {
      this.#seq = record.seq;
      this.#mustBeSigned ||= this.#hasSealed || record.seq > MOST_UNSIGNED;
      this.#hasSealed ||= SEALED.test(record.event);
    }
    const head = this.#head;
    if (head !== undefined && head.seq === record.seq && head.hash !== this.#hash)
      this.problem = this.#at(line, "it is not the record that was signed");
  }

  end(head: FoundHead): AuditVerification {
    const signed = head.state === "good" ? head.head : undefined;
    this.problem ??= this.#judgeEnd(head);
    const { records } = this;
    return {
      records,
      files: this.#files.size,
      unnumbered: this.#unnumbered,
      torn: this.#torn,
      ...(signed === undefined ? {} : { signed: toClaim(signed) }),
      unsigned: signed === undefined ? records : Math.max(0, this.#seq - signed.seq),
      ...(this.problem === undefined ? {} : { problem: this.problem }),
    };
  }

  /** Why the next line does not belong here. One that is no record still is a link of the chain: the next one names it. */
  #judge(record: AuditRecord | undefined): string | undefined {
    if (record === undefined) return undefined;
    if (record.prev !== this.#hash)
      return "the line before it is not the one it was written after: edited, cut out or moved";
    if (record.event === "audit.broken") return `it says so: ${String(record.data?.["why"])}`;
    if (record.seq === undefined)
      return this.#seq > 0 ? "it has no number, though records before it have" : undefined;
    if (record.seq === this.#seq + 1) return undefined;
    return `its number is ${record.seq}, after ${this.#seq}`;
  }

  #judgeEnd(head: FoundHead): AuditProblem | undefined {
    if (head.state === "none")
      return this.#mustBeSigned
        ? { file: "head.json", why: "it is missing, and the key with it: such a log was signed" }
        : undefined;
    if (head.state === "bad") return { file: "head.json", why: head.why };
    if (this.#seq >= head.head.seq) return undefined;
    const why = `cut off after record ${this.#seq}: record ${head.head.seq} was signed at ${head.head.at}`;
    return { file: this.#lastFile, why };
  }

  #at({ file, line }: AuditLine, why: string): AuditProblem {
    return { file, line, seq: this.#seq, why };
  }
}

function toClaim({ seq, hash, at }: HeadClaim): HeadClaim {
  return { seq, hash, at };
}

function toHash(bytes: Uint8Array): string {
  // `crypto.hash` came with Node 20.12; it costs a third of a hash object for a small input.
  if (typeof crypto.hash === "function") return crypto.hash("sha256", bytes, "hex");
  return crypto.createHash("sha256").update(bytes).digest("hex");
}
