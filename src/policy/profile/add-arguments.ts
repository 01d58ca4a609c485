import type { Profile } from "../../core/profile.js";

/** A command with what its profile adds to it. */
export interface CompletedCommand {
  readonly command: readonly string[];
  /** Words that were put behind the program; none where the command says something of its own about it. */
  readonly added: readonly string[];
}

/** Puts the words behind the program that `arguments` of the profile has for its name. Pure. */
export function addArguments(
  command: readonly string[],
  { arguments: all = {} }: Pick<Profile, "arguments">,
): CompletedCommand {
  const [program = "", ...words] = command;
  const name = program.slice(program.lastIndexOf("/") + 1);
  const own = Object.hasOwn(all, name) ? all[name] : undefined;
  if (own === undefined || own.add.length === 0) return { command, added: [] };
  const options = [...own.unless, ...own.add.filter((word) => /^--./.test(word))];
  const isSaid = words.some((word) =>
    options.some((option) => word === option || word.startsWith(`${option}=`)),
  );
  if (isSaid) return { command, added: [] };
  return { command: [program, ...own.add, ...words], added: own.add };
}
