import type { Command } from "commander";
import { REPORT_FORMATS } from "./report-target.js";

/**
 * `--report FORMAT PATH` as the one word that commander takes, `FORMAT:PATH`: a bare format is no complete value, so nothing else can be
 * meant. Words of the task, from the first that belongs to no option, stay as they are.
 */
export function joinReportWords(argv: readonly string[], command: Command): readonly string[] {
  const words: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? "";
    if (word === "--" || !word.startsWith("-")) return [...words, ...argv.slice(at)];
    const [format, file] = argv.slice(at + 1);
    if (word === "--report" && isBareFormat(format) && file !== undefined && file !== "--") {
      words.push(word, `${format}:${file}`);
      at += 2;
    } else if (takesNextWord(command, word)) {
      words.push(word, ...argv.slice(at + 1, at + 2));
      at += 1;
    } else words.push(word);
  }
  return words;
}

function isBareFormat(word: string | undefined): word is string {
  return REPORT_FORMATS.some((format) => format === word);
}

/** `--name VALUE` and `-n VALUE`, not `--name=VALUE` nor `-nVALUE`. */
function takesNextWord(command: Command, word: string): boolean {
  return command.options.some(
    ({ long, short, required }) => required && (long === word || short === word),
  );
}
