import { SandboxError } from "../core/error.js";
import { describeItems } from "./describe-items.js";
import type { CommitProposal } from "./propose-commit.js";

/** Throws `denied` where there is nothing but what policy denies: nothing to ask and nothing to do. */
export function refuseDeniedAlone({ denied, selected }: CommitProposal): void {
  if (denied.length === 0 || selected.size > 0) return;
  const [first] = denied;
  throw new SandboxError(
    "denied",
    `nothing was written: ${describeItems(denied)} denied (${first?.decision.reason ?? ""})`,
    { hint: "what is denied stays in the session; `sandbox discard` drops it" },
  );
}
