import type { Command } from "commander";
import type { CliContext } from "./cli-context.js";

/** One subcommand: how it is written, and what it does. */
export interface CliCommand {
  /** Adds arguments, options and help to a fresh commander command. */
  readonly define: (command: Command) => void;
  /** Carries the parsed command out; resolves with the exit code. Errors are thrown, rendered by `main`. */
  readonly act: (command: Command, context: CliContext) => Promise<number>;
}

/** Collects a repeatable option. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}
