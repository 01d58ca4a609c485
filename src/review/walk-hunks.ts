import type { Digest } from "../core/ids.js";
import type { SavedDecision } from "../core/saved-decision.js";
import type { FileHunk } from "./file-hunks.js";
import type { Hunk } from "./to-hunks.js";

/** What a person says yes or no to at once: mode, owner and attributes of a file, a hunk, or one edit of a hunk that was split. */
export type WalkPart =
  | { readonly kind: "metadata" }
  | {
      readonly kind: "lines";
      /** As `--hunks` names it: `2`, `2.1`. */
      readonly label: string;
      readonly hunk: Hunk;
      readonly edits: readonly Digest[];
      /** What `s` makes of it; none where it is one edit. */
      readonly split: readonly WalkPart[];
    };

/** A file in the middle of its review. */
export interface HunkWalk {
  /** The file's change. */
  readonly change: Digest;
  /** Not answered yet, the first is asked about. */
  readonly parts: readonly WalkPart[];
  readonly taken: readonly Digest[];
  /** Undefined until it was answered; false where nothing of the kind changes. */
  readonly metadata: boolean | undefined;
  readonly hasMetadata: boolean;
  /** Edits of the whole file. */
  readonly total: number;
  /** It runs later on the host: each part needs a yes of its own. */
  readonly runsLater: boolean;
}

/** Keys of `git add -p`. */
export type WalkKey = "y" | "n" | "a" | "d" | "s";

/** Begins a file, or goes on where the answer that is saved left it. */
export function startWalk(
  file: {
    readonly change: Digest;
    readonly hunks: readonly FileHunk[];
    readonly hasMetadata: boolean;
    readonly runsLater: boolean;
  },
  saved?: SavedDecision,
): HunkWalk {
  const { change, hunks, hasMetadata, runsLater } = file;
  const total = hunks.reduce((sum, { edits }) => sum + edits.length, 0);
  const known = { change, hasMetadata, runsLater, total };
  const parts = hunks.map(toPart);
  if (saved?.verdict !== "edits" || saved.change !== change || saved.unanswered === undefined) {
    const first = hasMetadata ? [{ kind: "metadata" } as const] : [];
    const metadata = hasMetadata ? undefined : false;
    return { ...known, parts: [...first, ...parts], taken: [], metadata };
  }
  const open = new Set(saved.unanswered);
  const left = parts.flatMap((part) => keepOpen(part, open));
  return { ...known, parts: left, taken: saved.edits, metadata: saved.metadata };
}

function toPart({ number, hunk, edits }: FileHunk): WalkPart {
  const single = edits.map((edit, at) => ({
    kind: "lines" as const,
    label: `${number}.${at + 1}`,
    hunk: edit.hunk,
    edits: [edit.digest],
    split: [],
  }));
  return {
    ...{ kind: "lines", label: `${number}`, hunk },
    edits: edits.map(({ digest }) => digest),
    split: edits.length > 1 ? single : [],
  };
}

/** Of a hunk that was answered in part only what is left of it. */
function keepOpen(part: WalkPart, open: ReadonlySet<Digest>): readonly WalkPart[] {
  if (part.kind !== "lines") return [];
  const count = part.edits.filter((edit) => open.has(edit)).length;
  if (count === part.edits.length) return [part];
  return part.split.flatMap((one) => keepOpen(one, open));
}

/** The keys that answer what is asked now. What runs later is never taken by `a`. */
export function keysOf({ parts, runsLater }: HunkWalk): readonly WalkKey[] {
  const [first] = parts;
  if (first === undefined) return [];
  const isSplittable = first.kind === "lines" && first.split.length > 0;
  return [
    "y",
    "n",
    ...(runsLater ? [] : ["a" as const]),
    "d",
    ...(isSplittable ? ["s" as const] : []),
  ];
}

/** The walk after `key`; undefined for one that answers nothing here. */
export function answerPart(walk: HunkWalk, key: WalkKey): HunkWalk | undefined {
  const [first, ...rest] = walk.parts;
  if (first === undefined || !keysOf(walk).includes(key)) return undefined;
  if (key === "s")
    return first.kind === "lines" ? { ...walk, parts: [...first.split, ...rest] } : undefined;
  const isAll = key === "a" || key === "d";
  const isYes = key === "y" || key === "a";
  const answered = isAll ? walk.parts : [first];
  const edits = answered.flatMap((part) => (part.kind === "lines" ? part.edits : []));
  return {
    ...walk,
    parts: isAll ? [] : rest,
    taken: isYes ? [...walk.taken, ...edits] : walk.taken,
    metadata: answered.some(({ kind }) => kind === "metadata") ? isYes : walk.metadata,
  };
}

/** What is to be saved of it: in the middle of the file with what nobody has answered yet. Undefined before the first answer. */
export function toWalkDecision(walk: HunkWalk): SavedDecision | undefined {
  const { change, parts, taken, total } = walk;
  if (walk.metadata === undefined) return undefined;
  const metadata = walk.metadata;
  if (parts.length > 0) {
    const unanswered = parts.flatMap((part) => (part.kind === "lines" ? part.edits : []));
    return { change, verdict: "edits", edits: taken, metadata, unanswered };
  }
  if (taken.length === total && metadata === walk.hasMetadata)
    return { change, verdict: "approve" };
  if (taken.length === 0 && !metadata) return { change, verdict: "reject" };
  return { change, verdict: "edits", edits: taken, metadata };
}
