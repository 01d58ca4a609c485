import { SandboxError } from "../core/error.js";
import type { Profile } from "../core/profile.js";
import { findUnenforced } from "../policy/profile/find-unenforced.js";
import { findProfilePaths } from "./find-profile-paths.js";
import type { RunRequest } from "./run-request.js";

/**
 * `request` with what `profile` says where the command line says nothing: its paths as they are now, its limits, its variables,
 * engine and runtime. Throws `usage` for what this version cannot put in force.
 */
export function applyProfile(
  request: RunRequest,
  profile: Profile,
  workspaces: readonly string[],
): RunRequest {
  refuseUnenforced(profile);
  const { limits, env } = profile;
  const paths = findProfilePaths(profile, workspaces);
  const bytes = (size: number | undefined): string | undefined =>
    size === undefined ? undefined : `${size}`;
  return {
    ...request,
    engine: request.engine ?? profile.engine,
    runtime: request.runtime ?? profile.runtime,
    env: [...Object.entries(env.set).map(([name, value]) => `${name}=${value}`), ...request.env],
    passed: env.pass,
    readOnly: [...request.readOnly, ...paths.readonly],
    hide: [...request.hide, ...paths.hidden],
    scratch: paths.scratch,
    isWrittenNoexec: profile.exec === "workspace-denied",
    timeout: request.timeout ?? (limits.time === undefined ? undefined : `${limits.time}ms`),
    memory: request.memory ?? bytes(limits.memory),
    cpus: request.cpus ?? bytes(limits.cpus),
    pids: request.pids ?? bytes(limits.pids),
    upper: request.upper ?? bytes(limits.upper),
  };
}

function refuseUnenforced(profile: Profile): void {
  const [first, ...more] = findUnenforced(profile);
  if (first === undefined) return;
  throw new SandboxError("usage", `the profile asks for what cannot be put in force: ${first}`, {
    list: more,
    hint: "take it out of the profile; nothing of a profile is ever left out in silence",
  });
}

/** Refuses a task that would not run as the profile says. */
export function refuseOtherUser({ user }: Profile, task: { readonly uid: number }): void {
  if (user.uid === undefined || user.uid === task.uid) return;
  throw new SandboxError(
    "usage",
    `the profile wants user.uid ${user.uid}, and this task runs as ${task.uid}`,
    {
      hint: "a task runs as the owner of its workspace, or as you",
    },
  );
}
