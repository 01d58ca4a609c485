import type { Digest } from "../core/ids.js";
import { readContent } from "../overlay/read-content.js";
import { type FileHunks, toFileHunks } from "../review/file-hunks.js";
import { DIFF_LIMITS } from "../review/text-diff.js";
import { type ComposedChange, isRefusal, type Refusal, toComposedFile } from "./composed-change.js";
import { digestOf } from "./keep-bases.js";
import { layersOf, type ReviewedChange, type SessionReview } from "./session-review.js";

/** Which parts of a change are wanted. */
export interface EditChoice {
  readonly edits: ReadonlySet<Digest>;
  /** Mode, owner and attributes. */
  readonly metadata: boolean;
}

/** The hunks of a changed text file, with what is in the workspace now. */
export interface OpenHunks extends FileHunks {
  readonly present: Uint8Array;
  /** Its mode, owner or attributes change too. */
  readonly hasMetadata: boolean;
}

/** The hunks of a change, read now. Refused where it is not text that was changed, or the host has changed it since. */
export function openHunks(review: SessionReview, item: ReviewedChange): OpenHunks | Refusal {
  const { before, after, path, digest, hostTouched } = item.change;
  if (before?.type !== "file" || after?.type !== "file")
    return { refused: "only a text file that was changed has hunks to choose" };
  if (after.linkGroup !== undefined) return { refused: "it is one of several names of one file" };
  const layers = layersOf(review.record, item.change);
  const limit = { maxBytes: DIFF_LIMITS.bytes };
  const present = readContent(layers.lower, path, limit);
  const next = readContent(layers.upper, path, limit);
  if (present === undefined || next === undefined || hostTouched !== undefined)
    return { refused: "it was changed on the host, or is too large to compare", by: "host" };
  if (digestOf(present) !== before.digest)
    return { refused: "hunks of it can be taken once it was merged or refreshed", by: "host" };
  const hunks = toFileHunks({ before: present, after: next }, digest);
  if (hunks === undefined) return { refused: "diff shows no hunks of it: it is not text" };
  return { ...hunks, present, hasMetadata: hasMetadata(item) };
}

function hasMetadata({ change: { before, after } }: ReviewedChange): boolean {
  if (before === undefined || after === undefined) return false;
  const attributes = [before.xattrs ?? {}, after.xattrs ?? {}].map((one) =>
    JSON.stringify(Object.entries(one).sort()),
  );
  return (
    before.mode !== after.mode ||
    after.uid !== "base" ||
    after.gid !== "base" ||
    attributes[0] !== attributes[1]
  );
}

/** The change that takes only the chosen parts; undefined where that is all of it. */
export function composeEdits(
  review: SessionReview,
  item: ReviewedChange,
  choice: EditChoice,
): ComposedChange | Refusal | undefined {
  const open = openHunks(review, item);
  if (isRefusal(open)) return open;
  const { before, after } = item.change;
  if (before === undefined || after === undefined) return { refused: "it has no hunks" };
  const all = open.hunks.flatMap((hunk) => hunk.edits.map((edit) => edit.digest));
  const chosen = new Set(all.filter((digest) => choice.edits.has(digest)));
  const metadata = choice.metadata && open.hasMetadata;
  if (chosen.size === all.length && (metadata || !open.hasMetadata)) return undefined;
  if (chosen.size === 0 && !metadata) return { refused: "nothing of it was chosen" };
  const { mode, xattrs } = before;
  const kept = { mode, uid: "base", gid: "base", ...(xattrs !== undefined && { xattrs }) } as const;
  const sides = { present: before, after: metadata ? after : kept };
  const bytes = open.compose(chosen);
  const change = toComposedFile(item.change, sides, bytes);
  if (isRefusal(change)) return change;
  return {
    ...{ how: "edits", original: item.change, change, rest: "pending" },
    content: { bytes, present: open.present },
    note: describe(open, chosen, metadata),
  };
}

function describe(open: OpenHunks, chosen: ReadonlySet<Digest>, metadata: boolean): string {
  const taken = open.hunks.filter(({ edits }) => edits.some(({ digest }) => chosen.has(digest)));
  const numbers = taken.map(({ number, edits }) =>
    edits.every(({ digest }) => chosen.has(digest)) ? `${number}` : `a part of ${number}`,
  );
  const parts = numbers.length === 0 ? [] : [`hunk ${numbers.join(", ")} of ${open.hunks.length}`];
  return [...parts, ...(metadata ? ["mode"] : [])].join(" and ");
}
