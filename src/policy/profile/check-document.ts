import { checkExamples } from "../commands/check-examples.js";
import { toCommandRule } from "./extend-profile.js";
import { type LocatedDocument, toProfileError } from "./parse-document.js";
import type { ValuePath } from "./parse-yaml.js";

interface Finding {
  readonly path: ValuePath;
  readonly message: string;
}

/**
 * Refuses what each key allows and the whole does not: rules that contradict one another, examples that fail, words without
 * meaning. Throws `usage` naming file and line.
 */
export function checkDocument(located: LocatedDocument): void {
  const { document } = located;
  const [first, ...more] = [
    ...findTwins(
      document.paths ?? [],
      ["paths"],
      ({ path }) => path,
      ({ mode }) => mode,
    ),
    ...findScope(document),
    ...findCommands(document),
    ...findTwins(
      document.changes ?? [],
      ["changes"],
      ({ match, kinds, risk }) => JSON.stringify([match, kinds?.toSorted(), risk]),
      ({ decision }) => decision,
    ),
    ...findOthers(document),
  ];
  if (first === undefined) return;
  throw toProfileError(located, first, {
    list: more.map((finding) => toProfileError(located, finding).message),
  });
}

type Document = LocatedDocument["document"];

/** Two entries about the very same thing with different answers: one of them never counts. */
function findTwins<T>(
  items: readonly T[],
  at: ValuePath,
  subject: (item: T) => string,
  answer: (item: T) => string,
): readonly Finding[] {
  const seen = new Map<string, string>();
  return items.flatMap((item, index) => {
    const key = subject(item);
    const was = seen.get(key);
    seen.set(key, answer(item));
    if (was === undefined) return [];
    const is = answer(item);
    const message = was === is ? "is there twice" : `contradicts another entry: ${was} and ${is}`;
    return [{ path: [...at, index], message }];
  });
}

function findScope({ scope }: Document): readonly Finding[] {
  const denied = new Set(scope?.deny);
  return (scope?.commit ?? []).flatMap((glob, at) =>
    denied.has(glob)
      ? [{ path: ["scope", "commit", at], message: `${glob} is in deny too: it would never count` }]
      : [],
  );
}

function findCommands({ commands }: Document): readonly Finding[] {
  const rules = commands?.rules ?? [];
  const at = ["commands", "rules"];
  const decisionOf = ({ decision }: RuleDocument): string => decision;
  const sameId = findTwins(rules, at, ({ id }) => id, decisionOf);
  const said = new Set(sameId.map(({ path }) => path.join()));
  const toSubject = ({ argv, exe, options, args }: RuleDocument): string =>
    JSON.stringify([argv, exe, options, args]);
  return [
    ...sameId,
    // Where the id says it already, it is said once.
    ...findTwins(rules, at, toSubject, decisionOf).filter(({ path }) => !said.has(path.join())),
    ...rules.flatMap((rule, index) => findInRule(rule, [...at, index])),
  ];
}

type RuleDocument = NonNullable<NonNullable<Document["commands"]>["rules"]>[number];

function findInRule(rule: RuleDocument, at: ValuePath): readonly Finding[] {
  const examples = checkExamples(toCommandRule(rule)).flatMap(({ kind, index, wrong, example }) =>
    wrong === undefined
      ? []
      : [{ path: ["examples", kind, index], message: `the example "${example}" fails: ${wrong}` }],
  );
  const found: readonly Finding[] = [...findHead(rule), ...findConstraints(rule), ...examples];
  return found.map(({ path, message }) => ({ path: [...at, ...path], message }));
}

function findHead({ argv: [head = ""] }: RuleDocument): readonly Finding[] {
  const programs = typeof head === "string" ? [head] : "oneof" in head ? head.oneof : [];
  if (!programs.some((name) => name.includes("/"))) return [];
  const message = "a program is named without its directory; exe says which file it must be";
  return [{ path: ["argv", 0], message }];
}

function findConstraints({ options, args, decision }: RuleDocument): readonly Finding[] {
  const found: Finding[] = [];
  if (decision === "deny" && (options !== undefined || args !== undefined))
    found.push({
      path: ["decision"],
      message: "a deny rule has no options and args: they say what allow and ask admit",
    });
  const twice = options?.allow?.find((option) => options.deny?.includes(option));
  if (twice !== undefined)
    found.push({ path: ["options", "deny"], message: `${twice} is in allow too` });
  return [...found, ...findArgs(args)];
}

function findArgs(args: RuleDocument["args"]): readonly Finding[] {
  if (args === undefined || args.kind === "path") return [];
  if ((args.within ?? args.no_symlink_escape) !== undefined)
    return [{ path: ["args"], message: "within and no_symlink_escape are for kind: path" }];
  if (args.kind !== "none" || args.max === undefined) return [];
  return [{ path: ["args", "max"], message: "kind: none has no operands" }];
}

function findOthers({ network, budgets }: Document): readonly Finding[] {
  const found: Finding[] = [];
  for (const key of ["allow", "inspect"] as const)
    if (network?.mode === "none" && (network[key] ?? []).length > 0)
      found.push({ path: ["network", key], message: "hosts are for mode: allowlist, not none" });
  for (const key of ["delete", "overwrite", "send"] as const) {
    const budget: object | undefined = budgets?.[key];
    if (budget !== undefined && !["files", "bytes", "requests"].some((count) => count in budget))
      found.push({
        path: ["budgets", key],
        message: "says no number: give files, bytes or requests",
      });
  }
  return found;
}
