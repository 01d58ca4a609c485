import type { RuleRow, RunsLaterRule } from "./risk-rule.js";
import { BUILDS } from "./risk-rules-builds.js";
import { GIT_DIRECTORY, GIT_FILES } from "./risk-rules-git.js";
import { SHELLS } from "./risk-rules-host.js";
import { INSTALLED, PYTHON, TOOLS } from "./risk-rules-languages.js";
import { AGENTS, EDITORS, SERVICES } from "./risk-rules-people.js";

/** Every path that runs later, in order: the first that matches gives the reason. */
export const RUNS_LATER: readonly RunsLaterRule[] = [
  ...GIT_DIRECTORY,
  ...PYTHON,
  ...INSTALLED,
  ...GIT_FILES,
  ...AGENTS,
  ...EDITORS,
  ...SERVICES,
  ...SHELLS,
  ...BUILDS,
  ...TOOLS,
].flatMap(toRules);

function toRules(row: RuleRow): readonly RunsLaterRule[] {
  const globs = row.matches.trim().toLowerCase().split(/\s+/);
  return globs.map((glob) => ({
    segments: glob.split("/"),
    level: row.level,
    reason: row.reason,
  }));
}
