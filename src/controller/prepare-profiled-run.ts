import type { Profile } from "../core/profile.js";
import { isInside } from "../core/system-path.js";
import { findDeniedPrograms } from "../policy/commands/find-denied-programs.js";
import { toRunScope } from "./approvals/to-run-scope.js";
import { applyProfile, refuseOtherUser } from "./apply-profile.js";
import { completeCommand } from "./complete-command.js";
import type { Controller } from "./controller.js";
import { findEarlierFailures } from "./count-failures.js";
import { findDeniedFiles } from "./find-denied-files.js";
import { gatherFacts, type RunFacts } from "./gather-facts.js";
import { admitCommand } from "./judge-command.js";
import { loadProfile } from "./load-profile.js";
import { findNetwork } from "./network/find-network.js";
import type { PreparedRun } from "./prepared-run.js";
import { findProjectFiles } from "./profile-files.js";
import type { RunRequest } from "./run-request.js";

/** As `prepareRun`, with a profile that has to be read. The projects' own files are readable only for the task. */
export async function prepareProfiledRun(
  controller: Controller,
  asking: RunRequest,
  workspaces: readonly string[],
): Promise<PreparedRun> {
  const { profile, frozen } = loadProfile(controller, asking.profile, workspaces);
  const request = completeCommand(controller, asking, {
    ...{ profile, name: frozen.name },
    isPreset: asking.isPreset === true,
  });
  const applied = applyProfile(request, profile, workspaces);
  const { network } = await findNetwork(request, profile);
  const readOnly = [...applied.readOnly, ...findProjectFiles(workspaces)];
  // What is shown besides the system's directories may hold denied programs too.
  const plain = gatherFacts(controller, { ...applied, readOnly }, workspaces);
  const masked = findMasked(controller, profile, { image: request.image, facts: plain });
  const asked = { ...applied, readOnly, masked };
  const facts = masked.length === 0 ? plain : gatherFacts(controller, asked, workspaces);
  refuseOtherUser(profile, facts.task);
  const cwd = workspaces.some((workspace) => isInside(controller.cwd, workspace))
    ? controller.cwd
    : (workspaces[0] ?? "/");
  const place = {
    cwd,
    workspaces,
    uppers: [],
    path: controller.invokerPath,
    hasImage: request.image !== undefined,
  };
  await admitCommand(
    controller,
    {
      ...{ profile, digest: frozen.digest, argv: request.command, place },
      scope: toRunScope(asked, { facts, network }, controller.env),
      failures:
        profile.budgets.retry === undefined
          ? 0
          : await findEarlierFailures(controller, { command: request.command, workspaces }),
    },
    request.approve,
  );
  return { request: asked, facts, frozen, ...(network === undefined ? {} : { network }) };
}

/** What the profile denies whole is not there to be started later either. An image's own programs are not looked at. */
function findMasked(
  controller: Controller,
  profile: Profile,
  { image, facts }: { readonly image: string | undefined; readonly facts: RunFacts },
): readonly string[] {
  const denied = findDeniedPrograms(profile);
  const { names, files } = denied;
  if (image === undefined) {
    const beside = [...facts.tool.prefixes, ...facts.toolPrefixes, ...facts.readOnly];
    const places = controller.invokerPath.split(":").filter((entry) => entry.startsWith("/"));
    return findDeniedFiles(denied, [
      ...places,
      ...beside.flatMap((shown) => [shown, `${shown}/bin`]),
    ]);
  }
  if (names.length + files.length > 0)
    controller.notice(
      `sandbox: denied programs (${[...names, ...files].join(", ")}) are refused as the command only: an image's own are not covered`,
    );
  return [];
}
