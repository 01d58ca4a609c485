import type { CommandRule, Profile, Verdict } from "../../core/profile.js";
import { compareVerdicts, findStrictest } from "../strictest.js";
import { applyRule, type CommandFacts, type KnownUnit, type RuleAnswer } from "./apply-rule.js";
import type { CommandUnit, ShellParser } from "./command-unit.js";
import { findRisky, toNames } from "./find-risky.js";
import { unwrapCommand } from "./unwrap-command.js";

/** What policy says of a command, with every answer it rests on. */
export interface CommandDecision {
  readonly decision: Verdict;
  /** The rule's id; `default` where none speaks, `builtin:…` for what holds in any profile. */
  readonly rule: string;
  readonly reason: string;
  readonly answers: readonly UnitAnswer[];
}

/** What a rule says of one program that the command starts. */
interface UnitAnswer extends RuleAnswer {
  /** The program with its arguments; `…` for words that are not known. */
  readonly command: readonly string[];
}

/** A profile's rules on commands, ready to be asked. */
export interface CommandPolicy {
  /** False where everything is allowed whatever it is: then nothing has to be read. */
  readonly hasRules: boolean;
  decide(argv: readonly string[], facts: CommandFacts, shell: ShellParser): CommandDecision;
}

/** Puts the rules in order by program, so that a decision does not depend on how many there are. */
export function toCommandPolicy(commands: Profile["commands"]): CommandPolicy {
  const book = new RuleBook(commands);
  return {
    hasRules: commands.rules.length > 0 || commands.default !== "allow",
    decide: (argv, facts, shell) => decide(book, { argv, facts, shell }),
  };
}

/** The rules by the name of their program. */
class RuleBook {
  readonly default: Verdict;
  readonly #byName = new Map<string, CommandRule[]>();
  readonly #byFile = new Map<string, CommandRule[]>();
  readonly #general: CommandRule[] = [];

  constructor({ default: fallback, rules }: Profile["commands"]) {
    this.default = fallback;
    for (const rule of rules) this.#add(rule);
  }

  #add(rule: CommandRule): void {
    const [head = ""] = rule.argv;
    if (typeof head === "object" && "any" in head) this.#general.push(rule);
    else if (typeof head === "string") push(this.#byName, head, rule);
    else for (const name of head.oneof) push(this.#byName, name, rule);
    for (const file of rule.exe ?? []) push(this.#byFile, file, rule);
  }

  find({ names, program }: Pick<KnownUnit, "names" | "program">): ReadonlySet<CommandRule> {
    const byFile = program === undefined ? [] : (this.#byFile.get(program.path) ?? []);
    const byName = names.flatMap((name) => this.#byName.get(name) ?? []);
    return new Set([...byName, ...byFile, ...this.#general]);
  }

  /** Whether any rule is about a program of these names. */
  knows(names: readonly string[]): boolean {
    return names.some((name) => this.#byName.has(name));
  }
}

function push(map: Map<string, CommandRule[]>, key: string, rule: CommandRule): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [rule]);
  else list.push(rule);
}

interface Asked {
  readonly argv: readonly string[];
  readonly facts: CommandFacts;
  readonly shell: ShellParser;
}

function decide(book: RuleBook, { argv, facts, shell }: Asked): CommandDecision {
  const { units, unclear } = unwrapCommand(argv, shell);
  const answers = units.flatMap((unit) => {
    const answer = judgeUnit(book, toKnown(unit, facts), facts);
    return answer === undefined
      ? []
      : [{ ...answer, command: unit.argv.map((word) => word ?? "…") }];
  });
  const doubts = unclear.map((reason) => ({
    decision: compareVerdicts(book.default, "ask") > 0 ? book.default : ("ask" as const),
    rule: "builtin:unclear",
    reason,
    command: argv,
  }));
  const all = [...answers, ...doubts];
  const strictest = findStrictest(all);
  // Only wrappers around nothing: the default speaks.
  if (strictest === undefined) return { ...toDefault(book), answers: all };
  const { decision, rule, reason } = strictest;
  return { decision, rule, reason, answers: all };
}

function toKnown(unit: CommandUnit, facts: CommandFacts): KnownUnit {
  const [word = ""] = unit.argv;
  const program = facts.resolveProgram(word);
  const names = toNames(word, program?.path);
  return { unit, names, program, risky: findRisky(unit, names) };
}

/** The strictest of the rules that speak; the default where none does. A wrapper is judged by rules alone. */
function judgeUnit(book: RuleBook, known: KnownUnit, facts: CommandFacts): RuleAnswer | undefined {
  const answers = [...book.find(known)].flatMap((rule) => applyRule(rule, known, facts) ?? []);
  const strictest = findStrictest(answers);
  if (strictest !== undefined) return strictest;
  if (known.unit.wrapper) return undefined;
  const [risky] = known.risky;
  if (risky !== undefined && (book.default !== "allow" || book.knows(known.names)))
    return { decision: "deny", rule: "builtin:runs-others", reason: risky.reason };
  return toDefault(book);
}

function toDefault(book: RuleBook): RuleAnswer {
  return {
    decision: book.default,
    rule: "default",
    reason: `no rule speaks of it: ${book.default}`,
  };
}
