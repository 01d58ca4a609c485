import path from "node:path";
import { SandboxError } from "../core/error.js";
import type { FrozenProfile, Profile } from "../core/profile.js";
import { AGENT_PRESETS } from "../policy/profile/agent-presets.js";
import { freezeProfile } from "../policy/profile/canonical-profile.js";
import { type ProfileSource, resolveProfile } from "../policy/profile/resolve-profile.js";
import type { Controller } from "./controller.js";
import { createFindProfile, findProjectFiles, readProfileFile } from "./profile-files.js";

/** A profile with all its layers, read once and fixed. */
export interface LoadedProfile {
  readonly profile: Profile;
  readonly frozen: FrozenProfile;
}

/**
 * Reads the profile that `wanted` names (a name, or a file: what has a slash or ends in .yaml), what it extends, and the
 * projects' files of `workspaces`: from the real directories, before a task is there. Throws `usage` naming file and line.
 */
export function loadProfile(
  controller: Pick<Controller, "profiles" | "cwd">,
  wanted: string | undefined,
  workspaces: readonly string[],
): LoadedProfile {
  const find = createFindProfile(controller.profiles);
  const name = wanted ?? "default";
  const source = isFile(name)
    ? readProfileFile(path.resolve(controller.cwd, name))
    : findNamed(name, find);
  const projects = findProjectFiles(workspaces).map(readProfileFile);
  const profile = resolveProfile(source, { find, projects });
  return { profile, frozen: freezeProfile(name, profile) };
}

/** The built-in names, for messages. */
const BUILT_IN = ["default", "strict", "ci", "offline", "permissive-reads", ...AGENT_PRESETS];

function findNamed(name: string, find: (name: string) => ProfileSource | undefined): ProfileSource {
  const found = /^[A-Za-z0-9][\w.-]{0,63}$/.test(name) ? find(name) : undefined;
  if (found !== undefined) return found;
  throw new SandboxError("usage", `--profile: there is no profile ${JSON.stringify(name)}`, {
    hint: `${BUILT_IN.join(", ")}, a file of yours in ~/.config/sandbox, or a path with a slash`,
  });
}

function isFile(name: string): boolean {
  return name.includes("/") || /\.ya?ml$/.test(name);
}
