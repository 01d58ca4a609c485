import type { Change } from "../core/change.js";
import type { Decision, Risk, RiskId } from "../core/risk.js";
import { PROJECT_PROFILE } from "./profile/project-profile.js";

/** Risks that are denied whatever a person says, until a profile says otherwise. */
const DENIED: ReadonlySet<RiskId> = new Set(["raises-rights", "forged-mark"]);

/**
 * The built-in answer to one change (cli.md, "What `commit` selects and asks"): what raises rights, carries a
 * mark that only overlayfs writes, touches a device or the project's own profile is denied, what runs later on the host asks under its
 * own rule, everything else asks. Nothing is allowed unseen.
 */
export function decideChange(change: Change, risks: readonly Risk[]): Decision {
  const denied = risks.find(({ id }) => DENIED.has(id));
  if (denied !== undefined) return toDecision("deny", denied);
  if (change.before?.type === "device")
    return { decision: "deny", rule: "builtin:device", reason: "it is a device on the host" };
  if (change.path === PROJECT_PROFILE)
    return {
      decision: "deny",
      rule: "builtin:project-profile",
      reason: "a task may not write its own policy",
    };
  const runsLater = risks.find(({ id }) => id === "runs-later");
  if (runsLater !== undefined) return toDecision("ask", runsLater);
  return DEFAULT;
}

/** One for all: there may be a hundred thousand of them. */
const DEFAULT: Decision = { decision: "ask", rule: "builtin:default", reason: "every change asks" };

function toDecision(decision: "ask" | "deny", risk: Risk): Decision {
  return { decision, rule: `builtin:${risk.id}`, reason: risk.reason };
}
