import type { OptionRule } from "../../core/profile.js";
import type { Word } from "./command-unit.js";

/** The words behind a rule's argv, told apart. */
export interface SplitWords {
  readonly operands: readonly Word[];
  /** Values that options took. */
  readonly values: readonly Word[];
  /** What stands in the way of the rule's decision. */
  readonly problems: readonly OptionProblem[];
}

/** Why an option is not as declared. */
interface OptionProblem {
  readonly kind: "unknown" | "denied" | "abbreviated" | "unclear" | "no-end-of-options";
  readonly reason: string;
}

/** One option as the rule declares it. */
interface Declared {
  readonly isDenied: boolean;
  readonly takesValue: boolean;
  readonly isFlag: boolean;
}

/**
 * Tells options, their values and operands apart as getopt_long(3) does, by what `rule` declares: `--name=value`, `--name value`,
 * `-n5`, clusters like `-rf`, `--` for the end. Everything that begins with a dash before `--` is an option, also
 * behind operands. Without a rule, nothing is an option that was not written as one and no value is told apart.
 */
export function splitOptions(words: readonly Word[], rule: OptionRule): SplitWords {
  const splitter = new Splitter(rule);
  let at = 0;
  for (; at < words.length && words[at] !== "--"; at += 1)
    if (splitter.take(words[at], words[at + 1])) at += 1;
  const hasEnd = words[at] === "--";
  const behind = words.slice(at + 1);
  const { operands, values, problems } = splitter;
  if (rule.require_end_of_options && (operands.length > 0 || (!hasEnd && behind.length > 0)))
    problems.push({ kind: "no-end-of-options", reason: "operands must come behind --" });
  return { operands: [...operands, ...behind], values, problems };
}

class Splitter {
  readonly operands: Word[] = [];
  readonly values: Word[] = [];
  readonly problems: OptionProblem[] = [];
  readonly #declared: ReadonlyMap<string, Declared>;
  readonly #rule: OptionRule;

  constructor(rule: OptionRule) {
    this.#rule = rule;
    this.#declared = toDeclared(rule);
  }

  /** Takes one word; true where the next one is its value. */
  take(word: Word, next: Word): boolean {
    if (word === undefined) {
      this.operands.push(word);
      this.#problem("unclear", "a word is known only when it runs, and may be an option");
      return false;
    }
    if (!word.startsWith("-") || word === "-") {
      this.operands.push(word);
      return false;
    }
    const exact = this.#declared.get(word);
    if (exact !== undefined) return this.#takeExact(word, exact, next);
    return word.startsWith("--") ? this.#takeLong(word, next) : this.#takeCluster(word, next);
  }

  #takeExact(word: string, { isDenied, takesValue, isFlag }: Declared, next: Word): boolean {
    if (isDenied) this.#problem("denied", `the option ${word} is denied`);
    if (!takesValue || isFlag) return false;
    if (next === undefined)
      this.#problem("unclear", `the value of ${word} is not there to be seen`);
    this.values.push(next);
    return true;
  }

  #takeLong(word: string, next: Word): boolean {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const declared = this.#declared.get(name);
    if (declared === undefined)
      return this.#takeAbbreviation(name, equals < 0 ? undefined : word, next);
    if (declared.isDenied) this.#problem("denied", `the option ${name} is denied`);
    if (!declared.takesValue) this.#unknown(`${name} takes no value`);
    this.values.push(word.slice(equals + 1));
    return false;
  }

  /** getopt_long(3) takes the beginning of a long option for the option. */
  #takeAbbreviation(name: string, whole: string | undefined, next: Word): boolean {
    const full = [...this.#declared.keys()].filter(
      (one) => one.startsWith(name) && name.length > 2,
    );
    const [only, second] = full;
    if (only === undefined) {
      this.#unknown(`the option ${name} is not declared`);
      if (whole !== undefined) this.values.push(whole.slice(whole.indexOf("=") + 1));
      return false;
    }
    if (this.#rule.abbreviations === "deny" || second !== undefined) {
      this.#problem("abbreviated", `${name} stands for ${full.join(" or ")}: write it out`);
      return false;
    }
    const rest = whole === undefined ? "" : whole.slice(whole.indexOf("="));
    return this.take(`${only}${rest}`, next);
  }

  #takeCluster(word: string, next: Word): boolean {
    for (let at = 1; at < word.length; at += 1) {
      const name = `-${word[at]}`;
      const declared = this.#declared.get(name);
      const rest = word.slice(at + 1);
      if (declared === undefined) {
        this.#unknown(`the option ${name} of ${word} is not declared`);
        continue;
      }
      if (declared.isDenied) this.#problem("denied", `the option ${name} is denied`);
      if (!declared.takesValue) continue;
      if (rest !== "") {
        this.values.push(rest);
        return false;
      }
      return this.#takeExact(name, { ...declared, isDenied: false }, next);
    }
    return false;
  }

  #unknown(reason: string): void {
    if (this.#rule.unknown !== "allow") this.#problem("unknown", reason);
  }

  #problem(kind: OptionProblem["kind"], reason: string): void {
    this.problems.push({ kind, reason });
  }
}

function toDeclared({ allow, deny }: OptionRule): ReadonlyMap<string, Declared> {
  const declared = new Map<string, Declared>();
  for (const [list, isDenied] of [[allow, false] as const, [deny, true] as const])
    for (const text of list) {
      const takes = text.endsWith("=");
      const name = takes ? text.slice(0, -1) : text;
      const known = declared.get(name);
      declared.set(name, {
        isDenied: isDenied || known?.isDenied === true,
        takesValue: takes || known?.takesValue === true,
        isFlag: !takes || known?.isFlag === true,
      });
    }
  return declared;
}
