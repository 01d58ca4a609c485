/** A glob below a workspace, taken apart. */
export interface Glob {
  readonly text: string;
  readonly parts: readonly string[];
}

const DEEP = "**";

/**
 * The glob `text` spells, or why it can never match. `*` and `?` stand for anything within one name, a leading dot too; `**`
 * as a whole component stands for any number of directories, none too. It is anchored: `src/**` is the workspace's own `src`.
 */
export function parseGlob(text: string): Glob | { readonly wrong: string } {
  if (text === ".") return { text, parts: [] };
  const parts = text.split("/");
  const wrong = findWrong(text) ?? parts.map(findWrongPart).find((reason) => reason !== undefined);
  return wrong === undefined ? { text, parts } : { wrong };
}

function findWrong(text: string): string | undefined {
  if (text.startsWith("/")) return "a glob is below the workspace: leave the first / out";
  if (text.endsWith("/")) return `no path ends in a slash: write ${text}** for what is in it`;
  if (/[[\]{}\\]/.test(text))
    return "only *, ? and ** are known: brackets, braces and backslashes match nothing";
  return undefined;
}

function findWrongPart(part: string): string | undefined {
  if (part === "") return "an empty component matches nothing";
  if (part === "." || part === "..") return `no path below a workspace has a component ${part}`;
  if (part.includes("\0")) return "no path holds NUL";
  if (part.includes(DEEP) && part !== DEEP)
    return "** stands alone between slashes: write **/*.pem, not **.pem";
  return undefined;
}

/** Whether `path` (below a workspace, `""` is the workspace itself) is what `glob` says. */
export function matchesGlob({ parts }: Glob, path: string): boolean {
  return matchFrom(parts, toNames(path), "whole");
}

/** Whether something below the directory `path`, or itself, could be what `glob` says. */
export function mayHold({ parts }: Glob, path: string): boolean {
  return matchFrom(parts, toNames(path), "beginning");
}

/** Whether `path` or a directory above it is what `glob` says. */
export function coversPath(glob: Glob, path: string): boolean {
  const names = toNames(path);
  for (let length = names.length; length >= 0; length -= 1)
    if (matchFrom(glob.parts, names.slice(0, length), "whole")) return true;
  return false;
}

function toNames(path: string): readonly string[] {
  return path === "" ? [] : path.split("/");
}

/** One set of reachable places in `parts` a name: linear in both, whatever a task calls its files. */
function matchFrom(
  parts: readonly string[],
  names: readonly string[],
  how: "whole" | "beginning",
): boolean {
  let places = reach(parts, [0]);
  for (const name of names) {
    places = reach(
      parts,
      places.flatMap((place) => advance(parts[place], place, name)),
    );
    if (places.length === 0) return false;
  }
  return how === "beginning" || places.includes(parts.length);
}

function advance(part: string | undefined, place: number, name: string): readonly number[] {
  if (part === undefined) return [];
  if (part === DEEP) return [place];
  return matchesName(part, name) ? [place + 1] : [];
}

/** What is reached without a name: `**` may stand for nothing. */
function reach(parts: readonly string[], from: readonly number[]): readonly number[] {
  const places = new Set<number>();
  for (let place of from) {
    places.add(place);
    while (parts[place] === DEEP) {
      place += 1;
      places.add(place);
    }
  }
  return [...places];
}

/** `*` and `?` within one name: after each `*` the nearest place will do. */
function matchesName(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return name.length === first.length && fits(first, name, 0);
  let at = first.length;
  if (name.length < at + last.length || !fits(first, name, 0)) return false;
  for (const piece of rest) {
    while (at + piece.length <= name.length && !fits(piece, name, at)) at += 1;
    at += piece.length;
  }
  return at + last.length <= name.length && fits(last, name, name.length - last.length);
}

/** Whether `piece`, in which `?` is any character, stands in `name` at `at`. */
function fits(piece: string, name: string, at: number): boolean {
  if (at + piece.length > name.length) return false;
  for (let index = 0; index < piece.length; index += 1)
    if (piece[index] !== "?" && piece[index] !== name[at + index]) return false;
  return true;
}
