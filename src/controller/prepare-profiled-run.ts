import path from "node:path";
import type { Profile } from "../core/profile.js";
import { isInside } from "../core/system-path.js";
import { findDeniedPrograms } from "../policy/commands/find-denied-programs.js";
import { applyProfile, refuseOtherUser } from "./apply-profile.js";
import type { Controller } from "./controller.js";
import { findEarlierFailures } from "./count-failures.js";
import { findDeniedFiles } from "./find-denied-files.js";
import { gatherFacts } from "./gather-facts.js";
import { admitCommand } from "./judge-command.js";
import { loadProfile } from "./load-profile.js";
import type { PreparedRun } from "./prepared-run.js";
import { findProjectFiles } from "./profile-files.js";
import type { RunRequest } from "./run-request.js";

/** As `prepareRun`, with a profile that has to be read. The projects' own files are readable only for the task. */
export async function prepareProfiledRun(
  controller: Controller,
  request: RunRequest,
  workspaces: readonly string[],
): Promise<PreparedRun> {
  const { profile, frozen } = loadProfile(controller, request.profile, workspaces);
  const applied = applyProfile(request, profile, workspaces);
  const asked = {
    ...applied,
    readOnly: [...applied.readOnly, ...findProjectFiles(workspaces)],
    masked: findMasked(controller, profile, request),
  };
  const facts = gatherFacts(controller, asked, workspaces);
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
      failures:
        profile.budgets.retry === undefined
          ? 0
          : await findEarlierFailures(controller, { command: request.command, workspaces }),
    },
    request.approve,
  );
  return { request: asked, facts, frozen };
}

/** What the profile denies whole is not there to be started later either. An image's own programs are not looked at. */
function findMasked(
  controller: Controller,
  profile: Profile,
  { image, tools }: RunRequest,
): readonly string[] {
  const denied = findDeniedPrograms(profile);
  const { names, files } = denied;
  if (image === undefined) {
    const beside = tools.map((tool) => path.resolve(controller.cwd, tool));
    const places = controller.invokerPath.split(":").filter((entry) => entry.startsWith("/"));
    return findDeniedFiles(denied, [...places, ...beside.flatMap((tool) => [tool, `${tool}/bin`])]);
  }
  if (names.length + files.length > 0)
    controller.notice(
      `sandbox: denied programs (${[...names, ...files].join(", ")}) are refused as the command only: an image's own are not covered`,
    );
  return [];
}
