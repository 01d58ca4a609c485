import type { Budgets, EffectBudget, OverBudget, Profile } from "../../core/profile.js";
import { isHostCovered } from "../network/is-host-covered.js";
import { renderHostRule } from "../network/render-host-rule.js";
import { compareVerdicts } from "../strictest.js";
import { extendProfile, toBudgets, toLimits } from "./extend-profile.js";
import { type LocatedDocument, toProfileError } from "./parse-document.js";
import type { ValuePath } from "./parse-yaml.js";
import { isPassed } from "./is-passed.js";
import { toNetwork } from "./to-network.js";
import { renderBytes } from "./units.js";

/** One thing a project's file would widen. */
interface Widening {
  readonly path: ValuePath;
  readonly message: string;
}

const HINT = "a project's file may only tighten; put it into a profile of your own";

/**
 * `base` with a project's file on top, which may only tighten: its rules are added, its numbers lowered, its `scope.commit` narrows.
 * Throws `usage` naming each key that would widen, with its line.
 */
export function tightenProfile(base: Profile, project: LocatedDocument): Profile {
  const { document } = project;
  const [first, ...more] = findWidenings(base, project);
  if (first !== undefined)
    throw toProfileError(project, first, {
      hint: HINT,
      list: more.map(({ path, message }) => toProfileError(project, { path, message }).message),
    });
  const tightened = extendProfile(base, document, project.file);
  return {
    ...tightened,
    network: tightenNetwork(base.network, document),
    scope: {
      ...tightened.scope,
      commit: [...base.scope.commit, ...(document.scope?.commit ? [document.scope.commit] : [])],
    },
  };
}

function findWidenings(base: Profile, { document }: LocatedDocument): readonly Widening[] {
  const found: Widening[] = [];
  const widens = (isWide: boolean, path: ValuePath, message: string): void => {
    if (isWide) found.push({ path, message });
  };
  for (const key of [
    "extends",
    "engine",
    "runtime",
    "user",
    "seccomp",
    "secrets",
    "ssh_agent",
    "git_credentials",
    "home",
    "arguments",
  ] as const)
    widens(document[key] !== undefined, [key], "not for a project to choose");
  widens(document.env?.set !== undefined, ["env", "set"], "not for a project to choose");
  for (const [at, name] of (document.env?.pass ?? []).entries())
    widens(!isPassed(base.env, name), ["env", "pass", at], `${name} is not passed otherwise`);
  const outside = document.scope?.outside;
  widens(
    outside === "ask" && base.scope.outside === "deny",
    ["scope", "outside"],
    "is deny otherwise",
  );
  widens(
    document.exec === "allowed" && base.exec !== "allowed",
    ["exec"],
    `is ${base.exec} otherwise`,
  );
  const [was, is] = [base.approvals?.require ?? 1, document.approvals?.require];
  widens(is !== undefined && is < was, ["approvals", "require"], `is ${was} otherwise`);
  return [
    ...found,
    ...findWidePaths(document),
    ...findWideLimits(base, document),
    ...findWideNetwork(base, document),
    ...findWideCommands(base, document),
    ...findWideChanges(document),
    ...findWideBudgets(base, document),
  ];
}

type Document = LocatedDocument["document"];

/** In a workspace the strictest mode counts, so that no entry widens; a host's path may only be hidden. */
function findWidePaths({ paths = [] }: Document): readonly Widening[] {
  return paths.flatMap(({ path, mode }, at) =>
    path.startsWith("/") && mode !== "hidden"
      ? [{ path: ["paths", at], message: `${path} is not in the workspace: it would be shown` }]
      : [],
  );
}

function findWideLimits(base: Profile, { limits }: Document): readonly Widening[] {
  return Object.entries(toLimits(limits)).flatMap(([key, value]) => {
    const was = base.limits[key as keyof Profile["limits"]];
    return was !== undefined && value > was
      ? [{ path: ["limits", key], message: `is more than the ${was} there is otherwise` }]
      : [];
  });
}

const NETWORKS = ["none", "allowlist", "open"] as const;

function findWideNetwork(base: Profile, { network }: Document): readonly Widening[] {
  if (network === undefined) return [];
  const { mode, allow } = toNetwork(network);
  if (NETWORKS.indexOf(mode) > NETWORKS.indexOf(base.network.mode))
    return [
      {
        path: ["network", "mode"],
        message: `${mode} is wider than ${base.network.mode}, which it is without this file`,
      },
    ];
  return [
    ...(network.inspect === undefined
      ? []
      : [{ path: ["network", "inspect"], message: "not for a project to choose" }]),
    ...allow.flatMap((rule, at) =>
      isHostCovered(base.network, rule)
        ? []
        : [
            {
              path: ["network", "allow", at],
              message: `${renderHostRule(rule)} is not allowed otherwise`,
            },
          ],
    ),
  ];
}

/** A project's list of hosts takes the place of the longer one. */
function tightenNetwork(base: Profile["network"], { network }: Document): Profile["network"] {
  if (network === undefined) return base;
  const { mode, allow } = toNetwork(network);
  if (mode === "none") return { mode, allow: [] };
  return { ...base, mode, allow: network.allow === undefined ? base.allow : allow };
}

/** Where no rule speaks the default does: a rule milder than it would widen. */
function findWideCommands(base: Profile, { commands }: Document): readonly Widening[] {
  const found: Widening[] = [];
  const was = base.commands.default;
  if (commands?.default !== undefined && compareVerdicts(commands.default, was) < 0)
    found.push({ path: ["commands", "default"], message: `is ${was} otherwise` });
  const ids = new Set(base.commands.rules.map(({ id }) => id));
  for (const [at, { id, decision }] of (commands?.rules ?? []).entries()) {
    if (ids.has(id))
      found.push({ path: ["commands", "rules", at, "id"], message: `${id} is a rule already` });
    if (compareVerdicts(decision, was) < 0)
      found.push({
        path: ["commands", "rules", at, "decision"],
        message: `${decision} is milder than ${was}, what is decided otherwise`,
      });
  }
  return found;
}

function findWideChanges({ changes = [] }: Document): readonly Widening[] {
  return changes.flatMap(({ decision }, at) =>
    decision === "allow"
      ? [{ path: ["changes", at, "decision"], message: "a change is asked about otherwise" }]
      : [],
  );
}

const OVER: Readonly<Record<OverBudget, number>> = { slow: 0, ask: 1, hold: 2, deny: 3 };

function findWideBudgets(base: Profile, { budgets }: Document): readonly Widening[] {
  const found: Widening[] = [];
  const next = toBudgets(budgets);
  for (const key of ["delete", "overwrite", "send"] as const) {
    const reason = compareBudgets(base.budgets[key], next[key]) ?? compareBy(base, next, key);
    if (reason !== undefined) found.push({ path: ["budgets", key], message: reason });
  }
  const [was, is] = [base.budgets.retry, next.retry];
  if (
    was !== undefined &&
    is !== undefined &&
    (is.same_command_failures > was.same_command_failures || OVER[is.over] < OVER[was.over])
  )
    found.push({ path: ["budgets", "retry"], message: "is milder than what there is otherwise" });
  return found;
}

/** One budget for each host is more than one for all. */
function compareBy({ budgets }: Profile, next: Budgets, key: string): string | undefined {
  if (key !== "send" || budgets.send === undefined || next.send?.by === undefined) return undefined;
  return budgets.send.by === undefined ? "is for all hosts together otherwise" : undefined;
}

/** Budgets of other periods cannot be compared, and are refused. */
function compareBudgets(was: EffectBudget | undefined, is: EffectBudget | undefined) {
  if (was === undefined || is === undefined) return undefined;
  if (was.per !== is.per) return `is per ${was.per} otherwise`;
  if (OVER[is.over] < OVER[was.over]) return `over: ${was.over} is stricter than ${is.over}`;
  for (const key of ["files", "bytes", "requests"] as const) {
    const before = was[key];
    if (before === undefined) continue;
    const after = is[key];
    const shown = key === "bytes" ? renderBytes(before) : `${before} ${key}`;
    if (after === undefined || after > before)
      return `is more than the ${shown} there are otherwise`;
  }
  return undefined;
}
