/** A word as the program gets it; undefined where only running the shell would tell. */
export type Word = string | undefined;

/** One program that a command starts, with what is known of its arguments before it runs. */
export interface CommandUnit {
  readonly argv: readonly Word[];
  /** Files the shell opens for it. */
  readonly redirects: readonly Word[];
  /** Names of variables that are set before it or for it. */
  readonly assignments: readonly string[];
  /** More arguments come from elsewhere (`xargs`). */
  readonly openEnded: boolean;
  /** Relative paths are not those of the current directory: something changed it before. */
  readonly movedCwd: boolean;
  /** It only starts what another unit describes (`timeout`, `sudo`). */
  readonly wrapper: boolean;
}

/** What a command starts, as far as it can be told. */
export interface Unwrapped {
  readonly units: readonly CommandUnit[];
  /** Why there may be more than `units`: then nothing may be allowed for certain. */
  readonly unclear: readonly string[];
}

/** A simple command of a shell script. */
export interface ShellCommand {
  readonly words: readonly Word[];
  readonly redirects: readonly Word[];
  /** Names of the variables that the script sets anywhere. */
  readonly assignments: readonly string[];
}

/** Takes a shell script apart; `unclear` is the reason why it cannot be told what it starts. */
export interface ShellParser {
  parse(script: string): readonly ShellCommand[] | { readonly unclear: string };
}

/** A unit of nothing but an argv. */
export function toUnit(argv: readonly Word[], more: Partial<CommandUnit> = {}): CommandUnit {
  return {
    argv,
    redirects: [],
    assignments: [],
    openEnded: false,
    movedCwd: false,
    wrapper: false,
    ...more,
  };
}

/** The last component of a program's name. */
export function programName(word: string): string {
  return word.slice(word.lastIndexOf("/") + 1);
}
