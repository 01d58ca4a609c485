import type { ShellCommand, ShellParser } from "./command-unit.js";
import { openTreeSitterShell, type ShellGrammar } from "./tree-sitter-shell.js";
import { parseByUnbash } from "./unbash-shell.js";

const MOST_CHARACTERS = 64 * 1024;

/**
 * Reads shell scripts by two grammars that know nothing of one another. What does not parse by both, and what they
 * read differently, is unclear: a script made to be misread by one is not misread by both.
 */
export async function openShellParser(grammar: ShellGrammar): Promise<ShellParser> {
  const parseByTreeSitter = await openTreeSitterShell(grammar);
  return {
    parse: (script) => {
      if (script.length > MOST_CHARACTERS) return { unclear: "the script is too long" };
      if (/[\0\r]/.test(script)) return { unclear: "the script holds control characters" };
      return compareReadings(parseByTreeSitter(script), readByUnbash(script));
    },
  };
}

function readByUnbash(script: string): readonly ShellCommand[] | undefined {
  try {
    return parseByUnbash(script);
  } catch {
    // A parser that gives up has not read it.
    return undefined;
  }
}

function compareReadings(
  one: readonly ShellCommand[] | undefined,
  other: readonly ShellCommand[] | undefined,
): ReturnType<ShellParser["parse"]> {
  if (one === undefined || other === undefined) return { unclear: "the script cannot be read" };
  if (toText(one) !== toText(other)) return { unclear: "two readings of the script differ" };
  return one;
}

function toText(commands: readonly ShellCommand[]): string {
  return JSON.stringify(
    commands.map(({ words, redirects }) => [
      words.map((word) => word ?? null).filter(isFirstUnknown),
      redirects.map((word) => word ?? null),
    ]),
  );
}

/** A word that is not known may be several when it runs: how many there are in a row says nothing. */
function isFirstUnknown(
  word: string | null,
  at: number,
  words: readonly (string | null)[],
): boolean {
  return word !== null || at === 0 || words[at - 1] !== null;
}
