import type { CommandRule } from "../../core/profile.js";
import { applyRule, type CommandFacts } from "./apply-rule.js";
import { toUnit } from "./command-unit.js";
import { findRisky, toNames } from "./find-risky.js";
import { splitExample } from "./split-example.js";

/** One example of one rule, and what became of it. */
export interface ExampleResult {
  readonly rule: string;
  readonly kind: "match" | "nomatch";
  readonly index: number;
  readonly example: string;
  /** Undefined: it is as the rule's author says. */
  readonly wrong?: string;
}

/**
 * Runs a rule's examples: a `match` must get the rule's own decision, a `nomatch` must not. Nothing of this machine is looked at: a
 * program is found as the first of `exe`, a relative path without `..` is in the workspace.
 */
export function checkExamples(rule: CommandRule): readonly ExampleResult[] {
  return (["match", "nomatch"] as const).flatMap((kind) =>
    rule.examples[kind].map((example, index) => {
      const wrong = findWrong(rule, kind, example);
      return { rule: rule.id, kind, index, example, ...(wrong === undefined ? {} : { wrong }) };
    }),
  );
}

function findWrong(
  rule: CommandRule,
  kind: "match" | "nomatch",
  example: string,
): string | undefined {
  const argv = splitExample(example);
  if (argv === undefined)
    return "an example is one command: words and quotes, nothing that only a shell can read";
  const facts = toExampleFacts(rule);
  const unit = toUnit(argv);
  const program = facts.resolveProgram(argv[0] ?? "");
  const names = toNames(argv[0] ?? "", undefined);
  const answer = applyRule(rule, { unit, names, program, risky: findRisky(unit, names) }, facts);
  const isMatch = answer?.decision === rule.decision;
  if (kind === "match" && !isMatch)
    return answer === undefined
      ? "the rule does not speak of it"
      : `it gets ${answer.decision}: ${answer.reason}`;
  return kind === "nomatch" && isMatch
    ? `the rule does match it, and says ${rule.decision}`
    : undefined;
}

function toExampleFacts({ exe }: CommandRule): CommandFacts {
  return {
    resolveProgram: (name) =>
      name.includes("/")
        ? { path: name, inWorkspace: !name.startsWith("/") }
        : { path: exe?.[0] ?? `/usr/bin/${name}`, inWorkspace: false },
    resolvePath: (text) => ({
      place: isLexicallyInside(text) ? "workspace" : "outside",
      escapes: false,
    }),
  };
}

/** Without looking: relative, and never above where it began. */
function isLexicallyInside(text: string): boolean {
  if (text.startsWith("/")) return false;
  let depth = 0;
  for (const part of text.split("/")) {
    if (part === "..") depth -= 1;
    else if (part !== "" && part !== ".") depth += 1;
    if (depth < 0) return false;
  }
  return true;
}
