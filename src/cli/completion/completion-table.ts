/** What can be completed in the place of an argument. */
export type ArgumentKind =
  | {
      readonly kind:
        | "session"
        | "commit"
        | "directory"
        | "file"
        | "command"
        | "command-name"
        | "none";
    }
  | { readonly kind: "choice"; readonly choices: readonly string[] };

/** An option with all its spellings. */
export interface CompletionOption {
  /** `-t`, `--tty`; letters, digits and dashes only. */
  readonly names: readonly string[];
  readonly summary: string;
  /** Absent: it takes no value. */
  readonly value?: ArgumentKind;
}

/** A subcommand. */
export interface CompletionCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  /** In order; the last one repeats. After `--` it is always a command of the system. */
  readonly args: readonly ArgumentKind[];
}

/** The whole command line, for `renderCompletion`. */
export interface CompletionTable {
  /** The name the person types. */
  readonly program: string;
  /** What is run to list sessions and commits: `program` on the PATH, or an absolute path. */
  readonly executable: string;
  readonly commands: readonly CompletionCommand[];
  readonly options: readonly CompletionOption[];
}

/** A shell we write completion for. */
export type CompletionShell = "bash" | "zsh" | "fish";
