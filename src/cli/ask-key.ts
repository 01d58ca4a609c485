import { askLine } from "./ask.js";
import type { CliContext } from "./cli-context.js";

const WORDS: Readonly<Record<string, string>> = { yes: "y", no: "n", quit: "q" };
/** Empty or unknown answers in a row after which nobody is taken to be there. */
const MOST_UNKNOWN = 20;

/**
 * Asks until one of `keys` is answered, `q` or `?` aside: `?` tells what they mean. An end of input is `q`. `question` must be harmless
 * for a terminal.
 */
export async function askKey<K extends string>(
  context: CliContext,
  question: string,
  keys: Readonly<Partial<Record<K, string>>>,
): Promise<K | "q"> {
  const meanings = Object.entries<string | undefined>({
    ...keys,
    q: "quit: what was answered is saved",
  });
  const list = [...meanings.map(([key]) => key), "?"].join(",");
  for (let unknown = 0; unknown < MOST_UNKNOWN; unknown += 1) {
    const typed = await askLine(context, `${question} [${list}] `);
    if (typed === undefined) return "q";
    const key = WORDS[typed] ?? typed;
    if (key === "q") return key;
    if (isKey(keys, key)) return key;
    for (const [one, meaning] of meanings) context.stderr.write(`  ${one} - ${meaning ?? ""}\n`);
  }
  return "q";
}

function isKey<K extends string>(
  keys: Readonly<Partial<Record<K, string>>>,
  key: string,
): key is K {
  return Object.hasOwn(keys, key);
}
