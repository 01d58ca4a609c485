import type { Profile } from "../../core/profile.js";

/** Names of `profiles/seccomp` that there are. */
const SECCOMP = ["default"];

/**
 * What a profile asks for and this version cannot put in force, a line each: a run with it is refused, since a guardrail that is
 * written and not there is worse than none.
 */
export function findUnenforced(profile: Profile): readonly string[] {
  const { budgets, user, seccomp, paths } = profile;
  const slow = (["delete", "overwrite"] as const).filter((name) => budgets[name]?.over === "slow");
  const asked: readonly (readonly [boolean, string])[] = [
    [slow.length > 0, `budgets.${slow.join(", budgets.")} over slow: only a send can be slowed`],
    [
      budgets.send?.over === "slow" && budgets.send.per === "run",
      "budgets.send per run over slow: there is never room again",
    ],
    [budgets.retry?.over === "slow", "budgets.retry.over slow: a command is asked about or denied"],
    [user.groups.length > 0, "user.groups: a task has no supplementary groups"],
    [!SECCOMP.includes(seccomp), `seccomp ${seccomp}: there is only ${SECCOMP.join(", ")}`],
  ];
  return [
    ...asked.filter(([isAsked]) => isAsked).map(([, line]) => line),
    ...paths.flatMap((rule) => findUnenforcedPath(rule) ?? []),
  ];
}

function findUnenforcedPath({ path, mode }: Profile["paths"][number]): string | undefined {
  const isKept = mode === "readonly" || mode === "hidden";
  if ((path === "." || path === "**") && isKept)
    return `paths ${path} ${mode}: the workspace is always an overlay; scratch keeps nothing of it`;
  if (path.startsWith("/") && !isKept)
    return `paths ${path} ${mode}: a host path is readonly or hidden; --dir adds a workspace`;
  return undefined;
}
