/**
 * Matches one path component against a glob of gitignore(5): `*`, `?`, `[…]`, `\`. Ours instead of
 * a regular expression: a pattern is data from a repository, and this cannot be made to run away
 * (at most length of pattern × length of name steps).
 */
export function matchesGlob(glob: string, name: string): boolean {
  let g = 0;
  let n = 0;
  let star = -1;
  let starName = 0;
  while (n < name.length) {
    const step = glob[g] === "*" ? 0 : matchOne(glob, g, name[n] ?? "");
    if (glob[g] === "*") {
      star = g++;
      starName = n;
    } else if (step > 0) {
      g += step;
      n += 1;
    } else if (star >= 0) {
      g = star + 1;
      n = ++starName;
    } else return false;
  }
  while (glob[g] === "*") g += 1;
  return g === glob.length;
}

/** Length of the glob's element at `at` if it matches `char`, else 0. */
function matchOne(glob: string, at: number, char: string): number {
  const element = glob[at];
  if (element === undefined) return 0;
  if (element === "?") return 1;
  if (element === "\\") return glob[at + 1] === char ? 2 : 0;
  if (element !== "[") return element === char ? 1 : 0;
  return matchBracket(glob, at, char);
}

function matchBracket(glob: string, start: number, char: string): number {
  let at = start + 1;
  const negated = glob[at] === "!" || glob[at] === "^";
  if (negated) at += 1;
  let found = false;
  for (let first = true; first || glob[at] !== "]"; first = false) {
    const item = readBracketItem(glob, at);
    if (item === undefined) return 0;
    found ||= item.matches(char);
    at = item.end;
  }
  return found === negated ? 0 : at + 1 - start;
}

interface BracketItem {
  readonly end: number;
  readonly matches: (char: string) => boolean;
}

/** A class, a range or a character of a bracket expression; undefined where the bracket never ends. */
function readBracketItem(glob: string, at: number): BracketItem | undefined {
  const named = /^\[:([a-z]+):\]/.exec(glob.slice(at, at + 12));
  if (named !== null) return toClass(named[1] ?? "", at + named[0].length);
  const low = readBracketCharacter(glob, at);
  if (low === undefined) return undefined;
  const isRange = glob[low.end] === "-" && glob[low.end + 1] !== "]";
  if (!isRange) return { end: low.end, matches: (char) => char === low.char };
  const high = readBracketCharacter(glob, low.end + 1);
  if (high === undefined) return undefined;
  return { end: high.end, matches: (char) => low.char <= char && char <= high.char };
}

function readBracketCharacter(glob: string, at: number): { char: string; end: number } | undefined {
  const escaped = glob[at] === "\\";
  const char = glob[escaped ? at + 1 : at];
  return char === undefined ? undefined : { char, end: escaped ? at + 2 : at + 1 };
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /\p{Cc}/u,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /\s/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

function toClass(name: string, end: number): BracketItem | undefined {
  const members = CLASSES[name];
  return members && { end, matches: (char) => members.test(char) };
}
