import type { Command } from "commander";
import type { CliContext } from "./cli-context.js";

/** One subcommand: how it is written, and what it does. */
export interface CliCommand {
  /** Adds arguments, options and help to a fresh commander command. */
  readonly define: (command: Command) => void;
  /** Makes words that commander cannot take, once `define` has said what there is, to some that it can. */
  readonly rewrite?: (argv: readonly string[], command: Command) => readonly string[];
  /** Carries the parsed command out; resolves with the exit code. Errors are thrown, rendered by `main`. */
  readonly act: (command: Command, context: CliContext) => Promise<number>;
}

/** All words of the command line behind the command's name, `--` too, as commander keeps them. */
export function rawWords(command: Command): readonly string[] {
  const words: unknown = Reflect.get(command, "rawArgs");
  if (!Array.isArray(words)) throw new Error("commander keeps the words it parsed");
  return words.map(String);
}

/** Collects a repeatable option. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}
