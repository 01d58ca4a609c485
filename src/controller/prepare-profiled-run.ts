import { isInside } from "../core/system-path.js";
import { applyProfile, refuseOtherUser } from "./apply-profile.js";
import type { Controller } from "./controller.js";
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
  const asked = { ...applied, readOnly: [...applied.readOnly, ...findProjectFiles(workspaces)] };
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
    { profile, digest: frozen.digest, argv: request.command, place },
    request.approve,
  );
  return { request: asked, facts, frozen };
}
