import type { Change } from "../../core/change.js";
import { isWithin } from "../../core/path.js";
import type { ChangeRule, Profile } from "../../core/profile.js";
import type { Decision, Risk } from "../../core/risk.js";
import { decideChange } from "../decide-change.js";
import { findStrictest } from "../strictest.js";
import { coversPath, type Glob, matchesGlob, mayHold, parseGlob } from "./glob.js";

/** A change with what makes it worth a look. */
export interface ChangeWithRisks {
  readonly change: Change;
  readonly risks: readonly Risk[];
}

/**
 * A profile's decision on every change, in order. The strictest of what speaks wins: what is denied in any profile, paths that are not
 * the task's to write, scope, and the rules on changes. What nothing speaks of asks. What runs later asks, unless a rule on
 * that very risk says otherwise.
 */
export function judgeChanges(
  profile: Profile,
  items: readonly ChangeWithRisks[],
): readonly Decision[] {
  const judge = toJudge(profile);
  const decisions = items.map(judge);
  return keepWhatHoldsDenied(items, decisions);
}

type Judge = (item: ChangeWithRisks) => Decision;

function toJudge(profile: Profile): Judge {
  const paths = profile.paths
    .map(({ path, mode }, at) => ({ path, mode, at }))
    .filter(({ path, mode }) => !path.startsWith("/") && mode !== "overlay")
    .map(({ path, mode, at }) => ({ glob: toGlob(path), mode, at }));
  const scope = {
    commit: profile.scope.commit.map((globs) => globs.map(toGlob)),
    deny: profile.scope.deny.map(toGlob),
    outside: profile.scope.outside,
  };
  const rules = profile.changes.map((rule, at) => ({
    rule,
    name: `changes[${at}]`,
    glob: rule.match === undefined ? undefined : toGlob(rule.match),
  }));
  return (item) => {
    const { path } = item.change;
    const spoken = rules
      .filter((one) => fits(one, item))
      .map(({ rule, name }) => toRuleDecision(rule, name));
    const hit = paths.find(({ glob }) => coversPath(glob, path));
    const all: Decision[] = [
      ...toFloor(
        item,
        rules.filter((one) => fits(one, item)).map(({ rule }) => rule),
      ),
      ...spoken,
      ...(hit === undefined ? [] : [toPathDecision(hit)]),
      ...judgeScope(scope, item.change),
    ];
    return findStrictest(all) ?? decideChange(item.change, item.risks);
  };
}

/** A glob of a profile that was checked when it was read. */
function toGlob(text: string): Glob {
  const glob = parseGlob(text);
  if ("wrong" in glob) throw new Error(`not a glob: ${text}`);
  return glob;
}

/** What holds in every profile: denials, and the question about what runs later. */
function toFloor(
  { change, risks }: ChangeWithRisks,
  rules: readonly ChangeRule[],
): readonly Decision[] {
  const builtin = decideChange(change, risks);
  if (builtin.decision === "deny") return [builtin];
  if (builtin.rule !== "builtin:runs-later") return rules.length > 0 ? [] : [builtin];
  const isAllowed = rules.some(
    ({ risk, decision }) => risk === "runs-later" && decision === "allow",
  );
  return isAllowed ? [] : [builtin];
}

function fits(
  { rule, glob }: { readonly rule: ChangeRule; readonly glob: Glob | undefined },
  { change, risks }: ChangeWithRisks,
): boolean {
  if (glob !== undefined && !matchesGlob(glob, change.path)) return false;
  if (rule.kinds !== undefined && !rule.kinds.includes(change.kind)) return false;
  return rule.risk === undefined || risks.some(({ id }) => id === rule.risk);
}

function toRuleDecision(rule: ChangeRule, name: string): Decision {
  const parts = [rule.match, rule.kinds?.join(", "), rule.risk].filter(
    (part) => part !== undefined,
  );
  return {
    decision: rule.decision,
    rule: name,
    reason: `the profile says ${rule.decision} to ${parts.join(", ")}`,
  };
}

function toPathDecision({ mode, at }: { readonly mode: string; readonly at: number }): Decision {
  const reason = mode === "scratch" ? "it is scratch: thrown away" : `it is ${mode} in the profile`;
  return { decision: "deny", rule: `paths[${at}]`, reason };
}

interface Scope {
  readonly commit: readonly (readonly Glob[])[];
  readonly deny: readonly Glob[];
  readonly outside: "ask" | "deny";
}

function judgeScope(scope: Scope, change: Change): readonly Decision[] {
  const denied = scope.deny.find((glob) => coversPath(glob, change.path));
  if (denied !== undefined)
    return [
      { decision: "deny", rule: "scope.deny", reason: `${denied.text} is denied by the profile` },
    ];
  const isIn = scope.commit.every((globs) => globs.some((glob) => isInScope(glob, change)));
  if (isIn) return [];
  return [
    { decision: scope.outside, rule: "scope.commit", reason: "it is outside the profile's scope" },
  ];
}

/** A new directory is in scope where something in scope could lie in it. */
function isInScope(glob: Glob, { path, before, after }: Change): boolean {
  if (matchesGlob(glob, path)) return true;
  const staysDirectory = after?.type === "dir" && (before === undefined || before.type === "dir");
  return staysDirectory && mayHold(glob, path);
}

/** A directory cannot go while something in it may not: it is denied with it. */
function keepWhatHoldsDenied(
  items: readonly ChangeWithRisks[],
  decisions: readonly Decision[],
): readonly Decision[] {
  const denied = items.filter((_, at) => decisions[at]?.decision === "deny");
  if (denied.length === 0) return decisions;
  return decisions.map((decision, at) => {
    const change = items[at]?.change;
    if (
      decision.decision === "deny" ||
      change?.before?.type !== "dir" ||
      change.after?.type === "dir"
    )
      return decision;
    const held = denied.find(
      (one) => one.change.workspace === change.workspace && isWithin(one.change.path, change.path),
    );
    if (held === undefined) return decision;
    return {
      decision: "deny",
      rule: "builtin:holds-denied",
      reason: `it holds ${held.change.path}, which is denied`,
    };
  });
}
