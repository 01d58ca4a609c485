import { SandboxError } from "../core/error.js";
import type { FileHunk } from "../review/file-hunks.js";
import type { EditChoice, OpenHunks } from "./compose-edits.js";

const HUNKS = /^(?:\d+(?:\.\d+|-\d+)?|mode)(?:,(?:\d+(?:\.\d+|-\d+)?|mode))*$/;

/** `PATH:HUNKS` → both; `hunks` is undefined where the text after the last colon is none. */
export function splitHunks(text: string): { readonly path: string; readonly hunks?: string } {
  const colon = text.lastIndexOf(":");
  const hunks = text.slice(colon + 1);
  if (colon <= 0 || !HUNKS.test(hunks)) return { path: text };
  return { path: text.slice(0, colon), hunks };
}

/**
 * The parts that `hunks` names: `2`, `1-3`, `2.1` (the first edit of hunk 2, as a split shows them) or `mode`, with commas. Numbers
 * are those of `sandbox diff`. Throws `usage` for one that there is not.
 */
export function toEditChoice(
  open: OpenHunks,
  asked: { readonly path: string; readonly hunks: string },
): EditChoice {
  const words = asked.hunks.split(",");
  const metadata = words.includes("mode");
  if (metadata && !open.hasMetadata)
    throw new SandboxError("usage", `${asked.path}: neither mode nor owner of it change`);
  const edits = words
    .filter((word) => word !== "mode")
    .flatMap((word) => findEdits(open.hunks, { path: asked.path, word }));
  return { metadata, edits: new Set(edits) };
}

function findEdits(
  hunks: readonly FileHunk[],
  asked: { readonly path: string; readonly word: string },
): readonly FileHunk["edits"][number]["digest"][] {
  const { word } = asked;
  if (word.includes(".")) {
    const [hunk = 0, edit = 0] = word.split(".").map(Number);
    const found = hunks[hunk - 1]?.edits[edit - 1];
    if (found === undefined) throw missing(hunks, asked);
    return [found.digest];
  }
  const [from = 0, to = from] = word.split("-").map(Number);
  if (from < 1 || to < from || to > hunks.length) throw missing(hunks, asked);
  return hunks.slice(from - 1, to).flatMap((hunk) => hunk.edits.map((edit) => edit.digest));
}

function missing(
  hunks: readonly FileHunk[],
  asked: { readonly path: string; readonly word: string },
): SandboxError {
  return new SandboxError(
    "usage",
    `${asked.path} has no hunk ${asked.word}: it has ${hunks.length}`,
    { hint: "`sandbox diff` shows them in order" },
  );
}
