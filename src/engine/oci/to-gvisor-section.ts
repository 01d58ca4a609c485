import type { SeccompSection } from "./read-seccomp.js";

/** A call that is refused so looks unknown: nobody traces the task, and then it gives ENOSYS (seccomp(2)). */
const UNKNOWN = "SCMP_ACT_TRACE";
const REFUSE = "SCMP_ACT_ERRNO";
const ENOSYS = 38;

/**
 * The section as gVisor understands it: it refuses with EPERM whatever error a rule names, so that "unknown" (programs then
 * do without) must be said in another way.
 */
export function toGvisorSection(section: SeccompSection): object {
  const { defaultAction, defaultErrnoRet, architectures, syscalls } = section;
  const { action } = toRule({ action: defaultAction, errnoRet: defaultErrnoRet });
  return {
    defaultAction: action,
    architectures,
    syscalls: syscalls.map(toRule),
  };
}

function toRule<Rule extends { readonly action: string; readonly errnoRet?: number }>(
  rule: Rule,
): Rule {
  const { errnoRet, ...rest } = rule;
  const action = rule.action === REFUSE && errnoRet === ENOSYS ? UNKNOWN : rule.action;
  return { ...rest, action } as Rule;
}
