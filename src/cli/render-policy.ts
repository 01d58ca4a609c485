import type { checkPolicy, explainPolicy, testPolicy } from "../controller/explain-policy.js";
import type { FrozenProfile } from "../core/profile.js";
import { neutralise } from "../review/neutralise.js";

/** A profile in plain words. */
export function renderChapters(
  { name, digest }: FrozenProfile,
  chapters: ReturnType<typeof explainPolicy>,
): string {
  const body = chapters.map(
    ({ title, lines }) => `\n${title}\n${lines.map((line) => `  ${neutralise(line)}\n`).join("")}`,
  );
  return `${neutralise(name)} (${digest})\n${body.join("")}`;
}

/** The decision, the rule and why; then what each program of the command gets. */
export function renderCommandDecision(decided: Awaited<ReturnType<typeof checkPolicy>>): string {
  const { decision, rule, reason, answers } = decided;
  const head = `${decision}: ${rule}: ${reason}`;
  if (answers.length < 2) return `${neutralise(head)}\n`;
  const each = answers.map(
    (answer) =>
      `  ${answer.decision.padEnd(6)}${answer.command.map(quote).join(" ")}  (${answer.rule}: ${answer.reason})`,
  );
  return `${[head, ...each].map((line) => neutralise(line)).join("\n")}\n`;
}

/** Every example, those that fail with the reason. */
export function renderExamples(examples: ReturnType<typeof testPolicy>): string {
  const failed = examples.filter(({ wrong }) => wrong !== undefined);
  const lines = examples.map(({ rule, kind, example, wrong }) => {
    const tail = wrong === undefined ? "" : `: ${wrong}`;
    return neutralise(
      `${wrong === undefined ? "ok    " : "FAILED"} ${rule} ${kind}: ${example}${tail}`,
    );
  });
  return `${[...lines, `${examples.length} examples, ${failed.length} failed`].join("\n")}\n`;
}

/** A word as one could type it, so that its borders are seen. */
function quote(word: string): string {
  return /^[\w@%+=:,./…-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
