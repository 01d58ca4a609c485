import type { Change } from "../core/change.js";
import { baseName } from "../core/path.js";
import { type ContentSpans, countKept, toContentSpans } from "./content-spans.js";
import type { MoveSearch, Origin, ReadSide } from "./moves.js";
import { DIFF_LIMITS } from "./text-diff.js";

/** What the search by content may cost; beyond it, what was found is all. */
export const ALIKE_LIMITS = {
  /** Each of the files on the one side with each on the other: at most these two counts multiplied, as git's diff.renameLimit. */
  files: 400,
  /** Read from both sides together. */
  bytes: 16 * 1024 * 1024,
  /** Pieces of content compared. */
  comparisons: 20_000_000,
} as const;

/** Percent from which a file counts as made out of another one, as for git; and where only the name says so. */
const LEAST = 50;
const LEAST_BY_NAME = 75;

/** A file that may have a partner. */
interface Candidate {
  readonly change: Change;
  readonly side: "before" | "after";
  readonly size: number;
}

interface Content {
  readonly bytes: Uint8Array;
  readonly spans: ContentSpans;
}

interface Search extends MoveSearch {
  readonly contentOf: (candidate: Candidate) => Content | undefined;
  readonly spent: { comparisons: number };
}

/**
 * Pairs added files with deleted and modified ones whose content is alike. Names that occur once on both sides are tried first; then all
 * with all, if they are not too many. Bounded in bytes read and comparisons made, whatever the files hold.
 */
export function findAlike(
  added: readonly Change[],
  sources: readonly Change[],
  o: MoveSearch & { readonly read: ReadSide },
): void {
  const search: Search = { ...o, contentOf: createReader(o.read), spent: { comparisons: 0 } };
  const left = (): { readonly to: readonly Candidate[]; readonly from: readonly Candidate[] } => ({
    to: toCandidates(
      added.filter((change) => !search.moves.has(change)),
      "after",
    ),
    from: toCandidates(
      sources.filter((change) => !search.claimed.has(change)),
      "before",
    ),
  });
  pairByName(left(), search);
  const { to, from } = left();
  if (to.length * from.length > ALIKE_LIMITS.files ** 2) return;
  pairBest(to, from, search);
}

/** Regular files with something in them that are not too large to compare. */
function toCandidates(changes: readonly Change[], side: Candidate["side"]): readonly Candidate[] {
  return changes.flatMap((change) => {
    const state = change[side];
    if (state?.type !== "file" || state.size === 0 || state.size > DIFF_LIMITS.bytes) return [];
    return [{ change, side, size: state.size }];
  });
}

/** Reads each file once, and none any more when all that may be read has been. */
function createReader(read: ReadSide): Search["contentOf"] {
  const known = new Map<Change, Content | undefined>();
  let rest: number = ALIKE_LIMITS.bytes;
  return ({ change, side, size }) => {
    if (known.has(change)) return known.get(change);
    const bytes = size > rest ? undefined : read(change, side);
    rest -= bytes?.length ?? 0;
    const content = bytes === undefined ? undefined : { bytes, spans: toContentSpans(bytes) };
    known.set(change, content);
    return content;
  };
}

function pairByName(
  left: { readonly to: readonly Candidate[]; readonly from: readonly Candidate[] },
  search: Search,
): void {
  const gone = left.from.filter(({ change }) => change.kind === "delete");
  const sources = toUnique(gone);
  for (const [name, to] of toUnique(left.to)) {
    const from = sources.get(name);
    if (from === undefined || to === undefined) continue;
    const similarity = compare(from, to, { search, least: LEAST_BY_NAME });
    if (similarity >= LEAST_BY_NAME)
      accept(to, { kind: "move", from: from.change, similarity }, search);
  }
}

/** By workspace and last component; undefined for a name that occurs twice. */
function toUnique(candidates: readonly Candidate[]): ReadonlyMap<string, Candidate | undefined> {
  const unique = new Map<string, Candidate | undefined>();
  for (const candidate of candidates) {
    const { workspace, path } = candidate.change;
    const key = `${workspace}/${baseName(path)}`;
    unique.set(key, unique.has(key) ? undefined : candidate);
  }
  return unique;
}

interface Pair {
  readonly to: Candidate;
  readonly from: Candidate;
  readonly similarity: number;
  readonly sameName: boolean;
}

function pairBest(to: readonly Candidate[], from: readonly Candidate[], search: Search): void {
  const pairs = to
    .flatMap((one) => from.flatMap((other) => toPair(one, other, search) ?? []))
    .sort((a, b) => b.similarity - a.similarity || Number(b.sameName) - Number(a.sameName));
  for (const kind of ["move", "copy"] as const) {
    for (const pair of pairs) {
      const { change } = pair.from;
      const isFree = change.kind === "delete" && !search.claimed.has(change);
      if (search.moves.has(pair.to.change) || (kind === "move" && !isFree)) continue;
      accept(pair.to, { kind, from: change, similarity: pair.similarity }, search);
    }
  }
}

function toPair(to: Candidate, from: Candidate, search: Search): Pair | undefined {
  if (to.change.workspace !== from.change.workspace) return undefined;
  const similarity = compare(from, to, { search, least: LEAST });
  if (similarity < LEAST) return undefined;
  const sameName = baseName(to.change.path) === baseName(from.change.path);
  return { to, from, similarity, sameName };
}

function accept(to: Candidate, origin: Origin, search: Search): void {
  if (origin.kind === "move") search.claimed.add(origin.from);
  search.moves.set(to.change, origin);
}

/** Percent of the larger file that is in both, as git counts it (diffcore-rename.c, estimate_similarity); 0 where it cannot be enough. */
function compare(
  from: Candidate,
  to: Candidate,
  o: { readonly search: Search; readonly least: number },
): number {
  const { search } = o;
  const [least, most] = from.size < to.size ? [from.size, to.size] : [to.size, from.size];
  if (least * 100 < most * o.least || search.spent.comparisons > ALIKE_LIMITS.comparisons) return 0;
  const before = search.contentOf(from);
  const after = search.contentOf(to);
  if (before === undefined || after === undefined) return 0;
  search.spent.comparisons += before.spans.size;
  if (Buffer.compare(before.bytes, after.bytes) === 0) return 100;
  const larger = Math.max(before.bytes.length, after.bytes.length);
  const percent = Math.floor((countKept(before.spans, after.spans) * 100) / larger);
  // 100 is said only of what is the same byte for byte.
  return Math.min(percent, 99);
}
