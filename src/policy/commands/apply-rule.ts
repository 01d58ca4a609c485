import type { ArgRule, ArgvToken, CommandRule, OptionRule, Verdict } from "../../core/profile.js";
import { compareVerdicts } from "../strictest.js";
import type { CommandUnit, Word } from "./command-unit.js";
import { type RiskyPart, runsAnything } from "./find-risky.js";
import { splitOptions } from "./split-options.js";

/** What can be known of the host only by looking at it: policy itself reads nothing. */
export interface CommandFacts {
  /** The file a program's name leads to, symlinks resolved; undefined where it is not found. */
  resolveProgram(
    name: string,
  ): { readonly path: string; readonly inWorkspace: boolean } | undefined;
  /** Where a path argument leads, from the task's current directory. */
  resolvePath(text: string): {
    readonly place: "workspace" | "outside";
    /** A symlink on the way leads out of the workspace. */
    readonly escapes: boolean;
  };
}

/** A unit with what is known of it. */
export interface KnownUnit {
  readonly unit: CommandUnit;
  /** Its program as written, and as the file it really is. */
  readonly names: readonly string[];
  readonly program: { readonly path: string; readonly inWorkspace: boolean } | undefined;
  readonly risky: readonly RiskyPart[];
}

/** What one rule says of one unit. */
export interface RuleAnswer {
  readonly decision: Verdict;
  readonly rule: string;
  readonly reason: string;
}

/** Undefined where `rule` does not speak of the unit. What is not as the rule demands is denied. */
export function applyRule(
  rule: CommandRule,
  known: KnownUnit,
  facts: CommandFacts,
): RuleAnswer | undefined {
  if (!speaksOf(rule, known)) return undefined;
  const answer = (decision: Verdict, reason: string): RuleAnswer => ({
    decision,
    rule: rule.id,
    reason,
  });
  if (rule.decision === "deny") return answer("deny", "the rule denies it");
  const objections = findObjections(rule, known, facts);
  const [first] = objections.toSorted((a, b) => compareVerdicts(b.decision, a.decision));
  if (first === undefined || compareVerdicts(first.decision, rule.decision) <= 0)
    return answer(rule.decision, `the rule says ${rule.decision}`);
  return answer(first.decision, first.reason);
}

/** A deny rule also speaks of the program under another name, and of its file. */
function speaksOf(rule: CommandRule, { unit, names, program }: KnownUnit): boolean {
  const [head, ...rest] = rule.argv;
  if (head === undefined) return false;
  const [written = ""] = names;
  const candidates = rule.decision === "allow" ? [written] : names;
  const isNamed = candidates.some((name) => matchesToken(head, name));
  const isFile =
    rule.decision !== "allow" && program !== undefined && rule.exe?.includes(program.path) === true;
  if (!isNamed && !isFile) return false;
  return beginsWith(unit, rest, rule.decision !== "allow");
}

/** A word that is not known yet could be any, and several: what is strict speaks of it, what is mild does not. */
function beginsWith(
  { argv, openEnded }: CommandUnit,
  tokens: readonly ArgvToken[],
  ifUnknown: boolean,
): boolean {
  for (const [at, token] of tokens.entries()) {
    const word = argv[at + 1];
    const isUnknown = word === undefined && (at + 1 < argv.length || openEnded);
    if (isUnknown) return ifUnknown;
    if (word === undefined || !matchesToken(token, word)) return false;
  }
  return true;
}

function matchesToken(token: ArgvToken, word: string): boolean {
  if (typeof token === "string") return token === word;
  if ("oneof" in token) return token.oneof.includes(word);
  return !word.startsWith("-");
}

interface Objection {
  readonly decision: Verdict;
  readonly reason: string;
}

const deny = (reason: string): Objection => ({ decision: "deny", reason });

function findObjections(
  rule: CommandRule,
  known: KnownUnit,
  facts: CommandFacts,
): readonly Objection[] {
  return [
    ...findProgramObjections(rule, known),
    ...known.risky
      .filter((part) => !isDeclared(rule.options, part))
      .map(({ reason }) => deny(reason)),
    ...findWordObjections(rule, known, facts),
  ];
}

function findProgramObjections(
  rule: CommandRule,
  { unit, names, program }: KnownUnit,
): readonly Objection[] {
  const [written = ""] = unit.argv;
  const [head] = rule.argv;
  const found: Objection[] = [];
  if (rule.exe !== undefined && (program === undefined || !rule.exe.includes(program.path)))
    found.push(deny(`${written} is ${program?.path ?? "not found"}, not ${rule.exe.join(" or ")}`));
  if (written.includes("/") && (program === undefined || program.inWorkspace))
    found.push(deny(`${written} lies in the workspace: anybody may have written it`));
  if (typeof head === "object" && "any" in head && names.some(runsAnything))
    found.push(
      deny(`${names.join(", ")} runs whatever it is given: only a rule that names it allows it`),
    );
  return found;
}

function isDeclared(options: OptionRule | undefined, { option }: RiskyPart): boolean {
  if (option === undefined || options === undefined) return false;
  return options.allow.some((one) => one === option || one === `${option}=`);
}

const ANY_OPTIONS: OptionRule = {
  allow: [],
  deny: [],
  unknown: "allow",
  abbreviations: "allow",
  require_end_of_options: false,
};

function findWordObjections(
  rule: CommandRule,
  { unit }: KnownUnit,
  facts: CommandFacts,
): readonly Objection[] {
  const { options, args } = rule;
  if (options === undefined && args === undefined) return [];
  const words = unit.argv.slice(rule.argv.length);
  const split = splitOptions(words, options ?? ANY_OPTIONS);
  const found: Objection[] = split.problems
    .filter(({ kind }) => options !== undefined || kind === "unclear")
    .map(({ kind, reason }) => ({
      decision: kind === "unknown" && options?.unknown === "ask" ? "ask" : "deny",
      reason,
    }));
  if (unit.openEnded && !(words.at(-1) === "--" && args === undefined))
    found.push(deny("more arguments come from elsewhere: they cannot be judged"));
  if (args === undefined) return found;
  const operands = [...split.operands, ...unit.redirects.filter((word) => !isHarmless(word))];
  return [...found, ...findArgObjections(args, { ...split, operands, unit, facts })];
}

/** Devices that take or give nothing of anybody's. */
function isHarmless(word: Word): boolean {
  return word !== undefined && /^\/dev\/(?:null|zero|std(?:in|out|err)|tty)$/.test(word);
}

function findArgObjections(
  args: ArgRule,
  given: {
    readonly operands: readonly Word[];
    readonly values: readonly Word[];
    readonly unit: CommandUnit;
    readonly facts: CommandFacts;
  },
): readonly Objection[] {
  const { operands, values } = given;
  const found: Objection[] = [];
  if (args.kind === "none" && operands.length > 0) found.push(deny("it takes no operand"));
  if (args.max !== undefined && operands.length > args.max)
    found.push(deny(`${operands.length} operands are more than ${args.max}`));
  if (args.kind !== "path") return found;
  const paths = [
    ...operands,
    ...values.filter((value) => value === undefined || /[/~]|^\.\.?$/.test(value)),
  ];
  for (const path of paths) {
    const reason = judgePath(path, args, given);
    if (reason !== undefined) found.push(deny(reason));
  }
  return found;
}

function judgePath(
  path: Word,
  args: ArgRule,
  { unit, facts }: { readonly unit: CommandUnit; readonly facts: CommandFacts },
): string | undefined {
  if (args.within === undefined && !args.no_symlink_escape) return undefined;
  if (path === undefined) return "a path is known only when it runs";
  if (path === "-") return undefined;
  if (unit.movedCwd && !path.startsWith("/"))
    return `${path}: the current directory is changed before`;
  const { place, escapes } = facts.resolvePath(path);
  if (args.no_symlink_escape && escapes) return `${path} leads out of the workspace by a symlink`;
  if (args.within === "workspace" && place !== "workspace")
    return `${path} is not in the workspace`;
  return undefined;
}
