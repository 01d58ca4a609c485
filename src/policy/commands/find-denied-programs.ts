import type { CommandRule, Profile } from "../../core/profile.js";

/** Programs that a profile denies whatever their arguments: by name, and by file where a rule names files. */
export interface DeniedPrograms {
  readonly names: readonly string[];
  /** Absolute paths. */
  readonly files: readonly string[];
}

/**
 * The programs that no command may start, so that they need not be there. A rule on some commands of a program (`git push`) is
 * for the front door alone: the program itself is needed for the others. So is `default: deny`.
 */
export function findDeniedPrograms({ commands }: Pick<Profile, "commands">): DeniedPrograms {
  const words = commands.rules.filter(isWhole).flatMap(toWords);
  return {
    names: [...new Set(words.filter((word) => !word.includes("/")))],
    files: [...new Set(words.filter((word) => word.startsWith("/")))],
  };
}

function isWhole({ argv, decision, options, args }: CommandRule): boolean {
  return decision === "deny" && argv.length === 1 && options === undefined && args === undefined;
}

function toWords({ argv: [head], exe }: CommandRule): readonly string[] {
  if (exe !== undefined) return exe;
  if (typeof head === "string") return [head];
  return head !== undefined && "oneof" in head ? head.oneof : [];
}
