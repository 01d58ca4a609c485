import { createHash } from "node:crypto";
import { type Digest, toDigest } from "../core/ids.js";
import { fromByteLines, toByteLines } from "./byte-lines.js";
import { diffLines } from "./diff-lines.js";
import { toTextLines } from "./text-diff.js";
import { type Block, groupBlocks, type Hunk, toHunk } from "./to-hunks.js";

/** The smallest part of a change that can be approved: one run of changed lines. */
interface Edit {
  /** Binds an approval: to the change, and to what this edit takes and gives. */
  readonly digest: Digest;
  /** How it looks alone. */
  readonly hunk: Hunk;
}

/** A hunk as `diff` numbers and shows it, with its edits; splitting it gives them. */
export interface FileHunk {
  /** From 1. */
  readonly number: number;
  readonly hunk: Hunk;
  readonly edits: readonly Edit[];
}

/** The hunks of one changed text file, and what chosen edits of them make of it. */
export interface FileHunks {
  readonly hunks: readonly FileHunk[];
  /** The old content with the chosen edits; byte for byte the new one where all are chosen. */
  compose(chosen: ReadonlySet<Digest>): Uint8Array;
}

/**
 * The hunks between two contents of a file. `change` is the digest of the change they belong to. Undefined where `diff` shows
 * none: not UTF-8, holds NUL, or too much to compare.
 */
export function toFileHunks(
  content: { readonly before: Uint8Array; readonly after: Uint8Array },
  change: Digest,
): FileHunks | undefined {
  const before = toTextLines(content.before);
  const after = toTextLines(content.after);
  const raw = { before: toByteLines(content.before), after: toByteLines(content.after) };
  if (before === undefined || after === undefined) return undefined;
  if (raw.before === undefined || raw.after === undefined) return undefined;
  const lines = { before: raw.before, after: raw.after };
  const groups = groupBlocks(diffLines(before, after));
  const digests = new Map<Block, Digest>();
  for (const block of groups.flat()) digests.set(block, toEditDigest(change, block, lines));
  const hunks = groups.map((blocks, index) => ({
    number: index + 1,
    hunk: toHunk(blocks, before, after),
    edits: blocks.map((block) => ({
      digest: digests.get(block) ?? change,
      hunk: toHunk([block], before, after),
    })),
  }));
  return {
    hunks,
    compose: (chosen) => {
      const taken = [...digests].filter(([, digest]) => chosen.has(digest));
      return composeBlocks(
        taken.map(([block]) => block),
        lines,
      );
    },
  };
}

interface Lines {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

function composeBlocks(blocks: readonly Block[], lines: Lines): Uint8Array {
  const out: string[] = [];
  let at = 0;
  for (const block of blocks) {
    out.push(...lines.before.slice(at, block.oldFrom));
    out.push(...lines.after.slice(block.newFrom, block.newTo));
    at = block.oldTo;
  }
  out.push(...lines.before.slice(at));
  return fromByteLines(out);
}

function toEditDigest(change: Digest, block: Block, lines: Lines): Digest {
  const { oldFrom, oldTo, newFrom, newTo } = block;
  const fields = [
    ...["edit/1", change, oldFrom, newFrom],
    ...[lines.before.slice(oldFrom, oldTo), lines.after.slice(newFrom, newTo)],
  ];
  return toDigest(createHash("sha256").update(JSON.stringify(fields)).digest("hex"));
}
