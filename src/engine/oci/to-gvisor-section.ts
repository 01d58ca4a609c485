import type { SeccompSection } from "./read-seccomp.js";

/** A call that is refused so looks unknown: nobody traces the task, and then it gives ENOSYS (seccomp(2)). */
const UNKNOWN = "SCMP_ACT_TRACE";
const REFUSE = "SCMP_ACT_ERRNO";
const ENOSYS = 38;

/** What gVisor calls by another name than Linux and libseccomp do; a name that it does not know it passes over. */
const GVISOR_NAMES: Readonly<Record<string, string>> = { pselect6: "pselect" };

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
    syscalls: syscalls.map(toNamed).map(toRule),
  };
}

function toNamed<Rule extends { readonly names: readonly string[] }>(rule: Rule): Rule {
  return { ...rule, names: rule.names.map((name) => GVISOR_NAMES[name] ?? name) };
}

function toRule<Rule extends { readonly action: string; readonly errnoRet?: number }>(
  rule: Rule,
): Rule {
  const { errnoRet, ...rest } = rule;
  const action = rule.action === REFUSE && errnoRet === ENOSYS ? UNKNOWN : rule.action;
  return { ...rest, action } as Rule;
}
