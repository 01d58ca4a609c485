import { type ProjectTraces, PROJECT_TRACES, type Trace } from "./project-traces.js";

/** A project's own profile, ready to be written. */
export interface SuggestedProfile {
  /** The file, with comments. */
  readonly text: string;
  /** What it rests on, for a person: what was found, what is hidden, what is only readable. */
  readonly found: readonly string[];
  readonly hidden: readonly string[];
  readonly readonly: readonly string[];
}

/** Hidden in every project: whoever adds such a file later has it hidden too. */
const ALWAYS_HIDDEN = [".env*", "*.pem", "*.key"];

/**
 * A `.sandbox.yaml` for a project in which `traces` were found: it only tightens. Names from the project get into it only as words of this
 * program's own, or where they are plain. `withBudgets`: a base that counts otherwise would refuse them.
 */
export function suggestProfile(
  traces: ProjectTraces,
  { withBudgets }: { readonly withBudgets: boolean },
): SuggestedProfile {
  const of = (use: Trace["use"]): readonly string[] =>
    PROJECT_TRACES.filter((trace) => trace.use === use && traces.paths.has(trace.path)).map(
      ({ path }) => path,
    );
  const hidden = [...ALWAYS_HIDDEN, ...of("hide")];
  const readonly = of("readonly");
  const found = describeFound(traces);
  const text = [
    ...HEAD,
    `# Found: ${found.length === 0 ? "nothing that is known" : found.join(", ")}.`,
    "version: 1",
    "",
    "paths:",
    "  # Secrets: no task sees them. Write **/*.pem for every directory; that takes a walk through the project at each start.",
    ...hidden.map((path) => `  - {path: ${JSON.stringify(path)}, mode: hidden}`),
    ...(readonly.length === 0
      ? []
      : [
          "  # Other programs run or obey these, here or in CI: a task may read them and not change them.",
        ]),
    ...readonly.map((path) => `  - {path: ${JSON.stringify(path)}, mode: readonly}`),
    "  # What tools make and nobody wants to review: thrown away when the task ends.",
    ...traces.builds.map((path) => `  # - {path: ${path}, mode: scratch}`),
    ...(traces.builds.length === 0 ? ["  # - {path: dist, mode: scratch}"] : []),
    "",
    ...(withBudgets ? BUDGETS : []),
    ...toScope(traces),
  ];
  return { text: `${text.join("\n")}\n`, found, hidden, readonly };
}

const HEAD = [
  "# What a task in a sandbox may do in this project. This file can only tighten: it lies in the checkout, and a task cannot change it.",
  "# `sandbox policy explain` says what it means. Made by `sandbox init`.",
];

const BUDGETS = [
  "# A commit that destroys more than this is held until somebody releases exactly it.",
  "budgets:",
  "  delete: {files: 100, per: run, over: hold}",
  "  overwrite: {bytes: 100MiB, per: run, over: hold}",
  "",
];

function toScope({ sources }: ProjectTraces): readonly string[] {
  const globs = sources.map((name) => `"${name}/**"`).join(", ");
  return [
    "# Only what lies here may be committed; deny what is elsewhere, or let it be asked about.",
    "# scope:",
    `#   commit: [${globs === "" ? '"src/**"' : globs}]`,
    "#   outside: deny",
    "",
    "# limits: {memory: 4GiB, time: 1h}",
  ];
}

function describeFound({ paths }: ProjectTraces): readonly string[] {
  const there = PROJECT_TRACES.filter(({ path }) => paths.has(path));
  const names = new Map<string, readonly string[]>();
  for (const { path, what } of there)
    if (what !== undefined) names.set(what, [...(names.get(what) ?? []), path]);
  const shown = there.map(({ path, what }) =>
    what === undefined ? path : `${what} (${names.get(what)?.join(", ")})`,
  );
  return [...new Set(shown)];
}
