// Decisions of policy at a thousand rules: a command by its argv, a command in a shell's script, a change.
import { createRequire } from "node:module";
import { buildModule } from "./build-module.mjs";

const RULES = 1000;
const ROUNDS = 2000;

export async function policyRows() {
  const { measurePolicy } = createRequire(import.meta.url)(
    await buildModule(
      "policy",
      `import { toCommandPolicy } from "../policy/commands/command-policy.js";
       export function measurePolicy(rules: number, rounds: number): number {
         const made = Array.from({ length: rules }, (_, at) => ({
           id: "r" + at,
           argv: [at % 4 === 0 ? "git" : "program-" + at, "word-" + at],
           options: { allow: ["-a", "-b="], deny: [], unknown: "deny" as const, abbreviations: "deny" as const, require_end_of_options: false },
           args: { kind: "path" as const, within: "workspace" as const, no_symlink_escape: true },
           decision: "ask" as const,
           examples: { match: [], nomatch: [] },
         }));
         const policy = toCommandPolicy({ default: "ask", rules: made });
         const facts = {
           resolveProgram: (name: string) => ({ path: "/usr/bin/" + name, inWorkspace: false }),
           resolvePath: () => ({ place: "workspace" as const, escapes: false }),
         };
         const shell = { parse: () => ({ unclear: "not measured" }) };
         const argv = ["timeout", "5", "env", "A=b", "git", "word-4", "-a", "-b5", "--", "x", "y"];
         const started = performance.now();
         for (let round = 0; round < rounds; round++) policy.decide(argv, facts, shell);
         return (performance.now() - started) / rounds;
       }`,
    ),
  );
  const milliseconds = measurePolicy(RULES, ROUNDS);
  return [
    {
      row: "policy-decide",
      what: `one decision on a command at ${RULES} rules, without a shell's script`,
      ours: milliseconds * 1000,
      unit: "µs",
      target: 1000,
      met: milliseconds <= 1,
    },
  ];
}
