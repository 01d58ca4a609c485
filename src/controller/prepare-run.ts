import path from "node:path";
import { isInside } from "../core/system-path.js";
import { toPresetName } from "../policy/profile/agent-presets.js";
import { BASE_PROFILE } from "../policy/profile/base-profile.js";
import { DEFAULT_PROFILE } from "../policy/profile/default-profile.js";
import type { Controller } from "./controller.js";
import { findNetwork } from "./network/find-network.js";
import { gatherFacts, resolveWorkspaces } from "./gather-facts.js";
import type { PreparedRun } from "./prepared-run.js";
import { findProjectFiles, hasOwnDefault } from "./profile-files.js";
import type { RunRequest } from "./run-request.js";

/**
 * Joins a request with its profile and asks policy whether its command may start. Without `--profile` and without a file in
 * any layer nothing is read and nothing parsed: the built-in default is known. Throws `usage`, `denied`, `command-not-found`.
 */
export async function prepareRun(
  controller: Controller,
  request: RunRequest,
): Promise<PreparedRun> {
  const workspaces = resolveWorkspaces(controller, request.dirs);
  const preset = findPreset(controller, request, workspaces);
  if (preset !== undefined) {
    const { prepareProfiledRun } = await import("./prepare-profiled-run.js");
    const chosen = { ...request, profile: preset, isPreset: true } as const;
    return prepareProfiledRun(controller, chosen, workspaces);
  }
  const isDefault =
    request.profile === undefined &&
    !hasOwnDefault(controller.profiles) &&
    findProjectFiles(workspaces).length === 0;
  if (isDefault)
    return {
      request,
      facts: gatherFacts(controller, request, workspaces),
      frozen: DEFAULT_PROFILE,
      ...(await findNetwork(request, BASE_PROFILE)),
    };
  const { prepareProfiledRun } = await import("./prepare-profiled-run.js");
  return prepareProfiledRun(controller, request, workspaces);
}

/**
 * The preset of an agent, by the name of the program that is asked for, where no profile is and nobody has a default of their own. A program that the task itself
 * could have written is not taken for what it is called.
 */
function findPreset(
  controller: Controller,
  { profile, command }: RunRequest,
  workspaces: readonly string[],
): string | undefined {
  const name = toPresetName(command);
  if (name === undefined || profile !== undefined || hasOwnDefault(controller.profiles))
    return undefined;
  const [program = ""] = command;
  const file = path.resolve(controller.cwd, program);
  const isOwn = program.includes("/") && workspaces.some((workspace) => isInside(file, workspace));
  return isOwn ? undefined : name;
}
