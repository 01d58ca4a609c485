import { type CommandUnit, programName, type Word } from "./command-unit.js";
import { RISKY_PROGRAMS, RISKY_VARIABLES, type RiskyProgram } from "./risky-programs.js";

/** Something by which a command would start a program that its rule does not speak of. */
export interface RiskyPart {
  /** The option of the table; a rule that declares it in `options.allow` knows what it does. */
  readonly option?: string;
  readonly reason: string;
}

/** What in `unit` starts another program, by the table. `names`: what its program is called. */
export function findRisky(unit: CommandUnit, names: readonly string[]): readonly RiskyPart[] {
  const variables = unit.assignments
    .filter((name) => RISKY_VARIABLES.test(name))
    .map((name) => ({ reason: `${name} is set: it can make a program run another one` }));
  const programs = names.flatMap((name) => {
    const program = findProgram(name);
    if (program === undefined) return [];
    const unknown = findUnknown(unit, name);
    return [...findParts(unit.argv, name, program), ...(unknown === undefined ? [] : [unknown])];
  });
  return [...variables, ...programs];
}

/** Whether the program runs whatever it is given: an interpreter, an editor, a pager. */
export function runsAnything(name: string): boolean {
  return findProgram(name)?.runsAnything === true;
}

/** A word that is not known before it runs could be such an option, unless `--` stands before it. */
function findUnknown({ argv, openEnded }: CommandUnit, name: string): RiskyPart | undefined {
  const end = argv.indexOf("--");
  const isOpen = openEnded && end < 0;
  if (!isOpen && !(end < 0 ? argv : argv.slice(0, end)).includes(undefined)) return undefined;
  return {
    reason: `${name} could be given an option that runs other programs: a word is not known`,
  };
}

/** `python3.11` is python3. */
function findProgram(name: string): RiskyProgram | undefined {
  return RISKY_PROGRAMS.get(name) ?? RISKY_PROGRAMS.get(name.replace(/-?\d+(?:\.\d+)*$/, ""));
}

function findParts(
  argv: readonly Word[],
  name: string,
  program: RiskyProgram,
): readonly RiskyPart[] {
  const words = argv.slice(1).filter((word) => word !== undefined);
  const firstOperand = words.findIndex((word) => !word.startsWith("-") && !isPlusOption(word));
  return words.flatMap((word, at) => {
    const isGlobal = firstOperand < 0 || at < firstOperand;
    return (word.startsWith("-") ? findOption : findWord)(word, { name, program, isGlobal }) ?? [];
  });
}

interface At {
  readonly name: string;
  readonly program: RiskyProgram;
  readonly isGlobal: boolean;
}

function findOption(word: string, { name, program, isGlobal }: At): RiskyPart | undefined {
  const { options, globals = [], longByOneDash } = program;
  const option = [...options, ...(isGlobal ? globals : [])].find((one) =>
    isWritten(one, word, longByOneDash === true),
  );
  if (option === undefined) return undefined;
  return { option, reason: `${name} ${option} runs what it is given` };
}

function findWord(word: string, { name, program }: At): RiskyPart | undefined {
  if (program.words?.includes(word) === true)
    return { option: word, reason: `${name} ${word} runs other programs` };
  if (program.runsAnything !== true || !isPlusOption(word)) return undefined;
  return { reason: `${name} ${word} runs a command of its own` };
}

/** `vim +cmd`. */
function isPlusOption(word: string): boolean {
  return word.startsWith("+") && word.length > 1;
}

/** Also as `--option=value`, as a beginning that getopt_long(3) would take, and in a cluster of short ones. */
function isWritten(option: string, word: string, longByOneDash: boolean): boolean {
  const [name = ""] = word.split("=", 1);
  if (option.startsWith("--"))
    return word.startsWith("--") && name.length > 3 && option.startsWith(name);
  if (longByOneDash) return name === option || name === `-${option}`;
  if (word.startsWith("--")) return false;
  return option.length === 2 ? word.includes(option.slice(1), 1) : word.startsWith(option);
}

/** The names `unit`'s program goes by: as it is written, and as the file it really is. */
export function toNames(word: string, resolved: string | undefined): readonly string[] {
  const written = programName(word);
  const real = resolved === undefined ? written : programName(resolved);
  return written === real ? [written] : [written, real];
}
