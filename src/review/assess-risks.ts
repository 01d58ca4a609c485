import type { Change, Changeset, Notice } from "../core/change.js";
import { baseName, isUtf8Name, parentPath } from "../core/path.js";
import type { Level, Risk, RiskId } from "../core/risk.js";
import { assessLink } from "./assess-link.js";
import { assessRights } from "./assess-rights.js";
import { findRunsLater, toComparable } from "./find-runs-later.js";
import { hasHiddenCharacter } from "./neutralise.js";
import { type LinkTargets, toLinkTargets } from "./resolve-link.js";

/** What the whole changeset says about one of its changes; made once by `toRiskContext`. */
interface RiskContext {
  readonly changeset: Changeset;
  readonly links: LinkTargets;
  /** Names that stand for several paths on a filesystem without case. */
  readonly twins: ReadonlySet<string>;
  /** `<workspace>\0<path>` of what is left and named as a part of a bare repository. */
  readonly repositoryParts: ReadonlySet<string>;
  readonly notices: ReadonlyMap<string, readonly Notice[]>;
}

const contexts = new WeakMap<Changeset, RiskContext>();

/** Every reason to look at a change before it is committed, the worst first. */
export function assessRisks(change: Change, o: { readonly changeset: Changeset }): readonly Risk[] {
  const context = contexts.get(o.changeset) ?? toRiskContext(o.changeset);
  contexts.set(o.changeset, context);
  const found = [
    assessRights(change, noticesOf(change, context)),
    assessLink(change, context),
    assessRunsLater(change, context),
    assessName(change, context),
    assessDelete(change),
  ];
  // Most changes have none, and there may be a hundred thousand of them.
  if (found.every((risks) => risks.length === 0)) return NO_RISKS;
  return found.flat().toSorted((a, b) => RANK[a.level] - RANK[b.level]);
}

const NO_RISKS: readonly Risk[] = [];

/** Levels in order of weight: 0 is the worst. */
export const RANK: Readonly<Record<Level, number>> = { high: 0, medium: 1, low: 2 };

function toRiskContext(changeset: Changeset): RiskContext {
  const seen = changeset.workspaces.map(() => new Set<string>());
  const twins = new Set<string>();
  const repositoryParts = new Set<string>();
  for (const change of changeset.changes) {
    if (change.after === undefined) continue;
    const folded = toComparable(change.path);
    if (seen[change.workspace]?.has(folded)) twins.add(`${change.workspace}\0${folded}`);
    seen[change.workspace]?.add(folded);
    if (REPOSITORY_PART.test(change.path)) repositoryParts.add(toKey(change));
  }
  const notices = new Map<string, Notice[]>();
  for (const notice of changeset.notices)
    notices.set(toKey(notice), [...(notices.get(toKey(notice)) ?? []), notice]);
  return { changeset, links: toLinkTargets(changeset), twins, repositoryParts, notices };
}

function noticesOf(change: Change, { notices }: RiskContext): readonly Notice[] {
  return notices.size === 0 ? [] : (notices.get(toKey(change)) ?? []);
}

function toKey(o: { readonly workspace: number; readonly path: string }): string {
  return `${o.workspace}\0${o.path}`;
}

const PROGRAM_DIRECTORY = /(^|\/)(bin|sbin|\.bin|scripts|libexec)\/[^/]+$/;

function assessRunsLater(change: Change, context: RiskContext): readonly Risk[] {
  const { after } = change;
  if (after === undefined) return [];
  const rule = findRunsLater(change.path, after.type === "dir");
  if (rule !== undefined) return [{ id: "runs-later", level: rule.level, reason: rule.reason }];
  if (after.type === "dir") return [];
  if (isEmbeddedRepository(change, context))
    return [
      risk(
        "runs-later",
        "high",
        "it makes its directory a bare repository, whose config git obeys",
      ),
    ];
  const isProgram = after.type === "symlink" || (after.mode & 0o111) !== 0;
  if (isProgram && PROGRAM_DIRECTORY.test(toComparable(change.path)))
    return [risk("runs-later", "medium", "a program in a directory that shells search")];
  return [];
}

const REPOSITORY_PART = /(^|\/)(HEAD|config)$/;

/** Git takes a directory with HEAD, config and objects for a repository wherever it is (safe.bareRepository). */
function isEmbeddedRepository(change: Change, context: RiskContext): boolean {
  if (!REPOSITORY_PART.test(change.path)) return false;
  const parent = parentPath(change.path);
  const prefix = `${change.workspace}\0${parent === "" || parent === undefined ? "" : `${parent}/`}`;
  return (
    context.repositoryParts.has(`${prefix}HEAD`) && context.repositoryParts.has(`${prefix}config`)
  );
}

function assessName(change: Change, context: RiskContext): readonly Risk[] {
  if (change.after === undefined) return [];
  const name = baseName(change.path);
  const out: Risk[] = [];
  if (!isUtf8Name(name)) out.push(risk("odd-name", "medium", "the name is not UTF-8"));
  else if (hasHiddenCharacter(name))
    out.push(risk("odd-name", "high", "the name holds characters that cannot be seen"));
  if (name.startsWith("-"))
    out.push(risk("odd-name", "medium", "programs may take the name for an option"));
  if (name.startsWith(".wh."))
    out.push(risk("odd-name", "medium", "image tools take the name for a deletion mark"));
  const { twins } = context;
  if (twins.size > 0 && twins.has(`${change.workspace}\0${toComparable(change.path)}`))
    out.push(
      risk(
        "odd-name",
        "medium",
        "another name differs from it only in case or in hidden characters",
      ),
    );
  return out;
}

function assessDelete(change: Change): readonly Risk[] {
  if (change.kind !== "delete") return [];
  const isDirectory = change.before?.type === "dir";
  const rule = findRunsLater(change.path, isDirectory);
  if (rule === undefined || rule.level === "low") return [risk("deletes", "low", "it is deleted")];
  const level = rule.level === "high" ? "medium" : "low";
  return [risk("deletes", level, `it is deleted; ${rule.reason}`)];
}

function risk(id: RiskId, level: Level, reason: string): Risk {
  return { id, level, reason };
}
