import {
  type CommandUnit,
  programName,
  type ShellParser,
  toUnit,
  type Unwrapped,
  type Word,
} from "./command-unit.js";
import { MOVERS, OPAQUE, SHELLS, type Wrapper, WRAPPERS } from "./wrapper-table.js";

/** Deeper is no command a person wrote. */
const MOST_DEPTH = 8;
const MOST_UNITS = 500;

/**
 * Every program that `argv` starts as far as that is written in it: wrappers are taken off, `sh -c` is read by `shell`. What
 * cannot be read is in `unclear`. Pure.
 */
export function unwrapCommand(argv: readonly Word[], shell: ShellParser): Unwrapped {
  const units: CommandUnit[] = [];
  const unclear: string[] = [];
  const visit = (unit: CommandUnit, depth: number): void => {
    const doubt = findDoubt(unit, depth, units.length);
    if (doubt !== undefined) {
      unclear.push(doubt);
      return;
    }
    const next = openUnit(unit, programName(unit.argv[0] ?? ""), shell);
    units.push(next.isWrapper ? { ...unit, wrapper: true } : unit);
    unclear.push(...next.unclear);
    for (const inner of next.inner) visit(inner, depth + 1);
  };
  visit(toUnit(argv), 0);
  return { units, unclear };
}

function findDoubt({ argv }: CommandUnit, depth: number, units: number): string | undefined {
  if (argv.length === 0) return "no command";
  if (argv[0] === undefined || argv[0] === "") return "the program is known only when it runs";
  return depth > MOST_DEPTH || units > MOST_UNITS ? "too deep to be read" : undefined;
}

/** Whether `argv` needs a shell's grammar to be read. */
export function needsShell(argv: readonly string[]): boolean {
  return argv.some((word) => SHELLS.has(programName(word)));
}

interface Opened {
  readonly isWrapper: boolean;
  readonly inner: readonly CommandUnit[];
  readonly unclear: readonly string[];
}

const NOTHING: Opened = { isWrapper: false, inner: [], unclear: [] };

function openUnit(unit: CommandUnit, name: string, shell: ShellParser): Opened {
  if (OPAQUE.has(name) || name.startsWith("ld-linux"))
    return { ...NOTHING, unclear: [`what ${name} starts is not read`] };
  if (SHELLS.has(name)) return openShell(unit, name, shell);
  const wrapper = WRAPPERS.get(name);
  return wrapper === undefined ? NOTHING : openWrapper(unit, name, wrapper);
}

function openWrapper(unit: CommandUnit, name: string, wrapper: Wrapper): Opened {
  const read = readOwnWords(unit.argv, wrapper);
  if (typeof read === "string")
    return { isWrapper: true, inner: [], unclear: [`${name}: ${read}`] };
  const rest = unit.argv.slice(read.command);
  if (rest.length === 0 && wrapper.openEnded !== true) return { ...NOTHING, isWrapper: true };
  const inner: CommandUnit = {
    ...unit,
    argv: rest.length === 0 ? ["echo"] : rest,
    assignments: [...unit.assignments, ...read.assignments],
    openEnded: unit.openEnded || wrapper.openEnded === true,
    movedCwd: unit.movedCwd || read.moved,
  };
  return { isWrapper: true, inner: [inner], unclear: [] };
}

interface OwnWords {
  /** Index of the command's first word. */
  readonly command: number;
  readonly assignments: readonly string[];
  readonly moved: boolean;
}

const UNKNOWN = "a word is known only when it runs";

/** The wrapper's own options and operands; a reason where they cannot be told from the command. */
function readOwnWords(argv: readonly Word[], wrapper: Wrapper): OwnWords | string {
  const options = readOptions(argv, wrapper);
  if (typeof options === "string") return options;
  const { moved } = options;
  let at = options.end;
  const assignments: string[] = [];
  for (; wrapper.assigns === true && /^[A-Za-z_]\w*=/.test(argv[at] ?? ""); at += 1)
    assignments.push((argv[at] ?? "").replace(/=[\s\S]*$/, ""));
  const own = argv.slice(at, at + wrapper.operands);
  if (own.length < wrapper.operands || own.includes(undefined)) return UNKNOWN;
  return { command: at + wrapper.operands, assignments, moved };
}

function readOptions(
  argv: readonly Word[],
  wrapper: Wrapper,
): { readonly end: number; readonly moved: boolean } | string {
  let moved = false;
  let at = 1;
  for (; isOptionWord(argv[at], wrapper); at += 1) {
    const word = argv[at] ?? "";
    if (word === "--") return { end: at + 1, moved };
    const option = readOption(word, wrapper);
    if (option === undefined) return `its option ${word} is not known here`;
    if (wrapper.hides?.includes(option.name)) return `${option.name} hides the command`;
    moved ||= wrapper.moves?.includes(option.name) === true;
    if (option.takesNext) at += 1;
  }
  return at < argv.length && argv[at] === undefined ? UNKNOWN : { end: at, moved };
}

function isOptionWord(word: Word, { flags }: Wrapper): boolean {
  return word?.startsWith("-") === true && (word !== "-" || flags.includes("-"));
}

function readOption(
  word: string,
  { flags, valued }: Wrapper,
): { readonly name: string; readonly takesNext: boolean } | undefined {
  if (flags.includes(word)) return { name: word, takesNext: false };
  if (valued.includes(word)) return { name: word, takesNext: true };
  const equals = word.indexOf("=");
  if (word.startsWith("--")) {
    const name = equals < 0 ? word : word.slice(0, equals);
    return valued.includes(name) ? { name, takesNext: false } : undefined;
  }
  const short = word.slice(0, 2);
  if (valued.includes(short)) return { name: short, takesNext: false };
  const isCluster = [...word.slice(1)].every((letter) => flags.includes(`-${letter}`));
  return isCluster ? { name: word, takesNext: false } : undefined;
}

/** `sh [-eux…] -c SCRIPT`; a script in a file is not read. */
function openShell(unit: CommandUnit, name: string, shell: ShellParser): Opened {
  const found = findScript(unit.argv);
  if ("unclear" in found) return { ...NOTHING, unclear: [`${name}: ${found.unclear}`] };
  const parsed = shell.parse(found.script);
  if ("unclear" in parsed)
    return { isWrapper: true, inner: [], unclear: [`${name} -c: ${parsed.unclear}`] };
  const moves = parsed.some(({ words: [first] }) => first !== undefined && MOVERS.has(first));
  const inner = parsed
    .filter(({ words }) => words.length > 0)
    .map(({ words, redirects, assignments }) =>
      toUnit(words, {
        redirects,
        assignments: [...unit.assignments, ...assignments],
        movedCwd: unit.movedCwd || moves,
      }),
    );
  return { isWrapper: true, inner, unclear: [] };
}

function findScript(argv: readonly Word[]): { script: string } | { unclear: string } {
  const at = argv.findIndex((word, index) => index > 0 && !isShellFlag(word, argv[index - 1]));
  const word = at < 0 ? "" : argv[at];
  if (word === undefined) return { unclear: UNKNOWN };
  if (/^-[euxlv]*c$/.test(word)) return toScript(argv[at + 1]);
  if (word === "") return { unclear: "it reads its script from elsewhere" };
  if (word.startsWith("-")) return { unclear: `its option ${word} is not known here` };
  return { unclear: "a script in a file is not read" };
}

/** An option that changes nothing of which program is which. */
function isShellFlag(word: Word, before: Word): boolean {
  if (word === undefined) return false;
  if (before === "-o") return word === "pipefail";
  return /^(?:-[euxlv]+|-o|--login|--norc|--noprofile|--posix)$/.test(word);
}

function toScript(script: Word): { script: string } | { unclear: string } {
  if (script === undefined || script.startsWith("-"))
    return { unclear: "its script is known only when it runs" };
  return { script };
}
