/** A line of both texts. */
export interface Anchor {
  readonly a: number;
  readonly b: number;
}

/**
 * The longest chain of lines that occur exactly once in `a` and once in `b`, in the same order in
 * both (the first step of Bram Cohen's patience diff). Takes n log n steps.
 */
export function findAnchors(a: readonly number[], b: readonly number[]): readonly Anchor[] {
  const inA = placesOfUnique(a);
  const inB = placesOfUnique(b);
  const common: Anchor[] = [];
  for (const [line, at] of inA) {
    const other = inB.get(line);
    if (other !== undefined) common.push({ a: at, b: other });
  }
  return longestChain(common.sort((x, y) => x.a - y.a));
}

function placesOfUnique(lines: readonly number[]): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  const repeated = new Set<number>();
  for (const [at, line] of lines.entries()) {
    if (places.has(line)) repeated.add(line);
    else places.set(line, at);
  }
  for (const line of repeated) places.delete(line);
  return places;
}

interface Link {
  readonly anchor: Anchor;
  readonly previous: Link | undefined;
}

/** Longest increasing subsequence by `b`, with piles. */
function longestChain(anchors: readonly Anchor[]): readonly Anchor[] {
  const piles: Link[] = [];
  for (const anchor of anchors) {
    const pile = firstNotBelow(piles, anchor.b);
    piles[pile] = { anchor, previous: piles[pile - 1] };
  }
  const chain: Anchor[] = [];
  for (let link = piles.at(-1); link !== undefined; link = link.previous) chain.push(link.anchor);
  return chain.reverse();
}

function firstNotBelow(piles: readonly Link[], b: number): number {
  let low = 0;
  let high = piles.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((piles[middle]?.anchor.b ?? 0) < b) low = middle + 1;
    else high = middle;
  }
  return low;
}
