import type { BaseState, Change, NextState } from "../core/change.js";
import { encodeName } from "../core/path.js";
import type { Origin } from "./moves.js";
import { DIFF_LIMITS, type TextDiff, toSizes, toTextDiff } from "./text-diff.js";

/** One side of a change. */
export type State = BaseState | NextState;

/** One section of a patch. A change of type has two: what goes and what comes. */
export interface DiffPart {
  readonly before?: State;
  readonly after?: State;
  readonly diff: TextDiff;
}

/** A change with the difference of its content. */
export interface FileDiff {
  readonly change: Change;
  /** Of an added file that was made out of another one: the difference is to that one. */
  readonly origin?: Origin;
  readonly parts: readonly DiffPart[];
}

/** The bytes of a change's files, as far as `needsContent` asks for them. */
export interface ChangeContent {
  readonly before?: Uint8Array;
  readonly after?: Uint8Array;
}

const NOTHING: TextDiff = { kind: "text", hunks: [], added: 0, deleted: 0, crlf: false };

/** Whose bytes `toFileDiff` wants: none of what is too large, unchanged or no file. */
export function needsContent(change: Change): { before: boolean; after: boolean } {
  if (isSameContent(change) || isHuge(change.before) || isHuge(change.after))
    return { before: false, after: false };
  return { before: change.before?.type === "file", after: change.after?.type === "file" };
}

/** The difference of one change. Content that is wanted and missing counts as too large to show. */
export function toFileDiff(change: Change, content: ChangeContent): FileDiff {
  const { before, after } = change;
  if (before === undefined || after === undefined || before.type === after.type)
    return { change, parts: [toPart(before, after, { change, content })] };
  return {
    change,
    parts: [
      toPart(before, undefined, { change, content }),
      toPart(undefined, after, { change, content }),
    ],
  };
}

/** An added file and what it was made of, as the two sides of one change. */
export function toSides(to: Change, origin: Origin): Change {
  const { before } = origin.from;
  return before === undefined ? to : { ...to, kind: "modify", before };
}

/** The difference between an added file and what it was made of; `content` as `needsContent` of `toSides` asks for it. */
export function toMoveDiff(to: Change, origin: Origin, content: ChangeContent): FileDiff {
  const sides = toSides(to, origin);
  const { before, after } = sides;
  return { change: to, origin, parts: [toPart(before, after, { change: sides, content })] };
}

function toPart(
  before: State | undefined,
  after: State | undefined,
  o: { readonly change: Change; readonly content: ChangeContent },
): DiffPart {
  const states = { ...(before && { before }), ...(after && { after }) };
  const type = after?.type ?? before?.type;
  if (type === "symlink") return { ...states, diff: toTextDiff(toTarget(before), toTarget(after)) };
  if (type !== "file" || isSameContent(o.change)) return { ...states, diff: NOTHING };
  if (isWithheld(before, o.content.before) || isWithheld(after, o.content.after))
    return { ...states, diff: { kind: "huge", ...toSizes(before?.size, after?.size) } };
  return { ...states, diff: toTextDiff(before && o.content.before, after && o.content.after) };
}

/** The side is there and its bytes are not. */
function isWithheld(state: State | undefined, bytes: Uint8Array | undefined): boolean {
  return state !== undefined && (bytes === undefined || isHuge(state));
}

/** Only the mode, owner or attributes differ. */
function isSameContent({ before, after }: Change): boolean {
  return (
    before?.type === "file" &&
    after?.type === "file" &&
    before.digest !== undefined &&
    before.digest === after.digest
  );
}

function isHuge(state: State | undefined): boolean {
  return state?.type === "file" && state.size > DIFF_LIMITS.bytes;
}

function toTarget(state: State | undefined): Uint8Array | undefined {
  return state === undefined ? undefined : encodeName(state.target ?? "");
}
