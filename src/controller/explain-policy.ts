import { existsSync, realpathSync } from "node:fs";
import type { Profile } from "../core/profile.js";
import { DEFAULT_PROFILE } from "../policy/profile/default-profile.js";
import { isInside } from "../core/system-path.js";
import { checkExamples, type ExampleResult } from "../policy/commands/check-examples.js";
import type { CommandDecision } from "../policy/commands/command-policy.js";
import { findDeniedPrograms } from "../policy/commands/find-denied-programs.js";
import { thawProfile } from "../policy/profile/canonical-profile.js";
import { explainProfile, type ProfileChapter } from "../policy/profile/explain-profile.js";
import { findUnenforced } from "../policy/profile/find-unenforced.js";
import type { SessionId } from "../core/ids.js";
import type { Controller } from "./controller.js";
import { findDeniedFiles } from "./find-denied-files.js";
import { resolveWorkspaces } from "./gather-facts.js";
import { judgeCommand } from "./judge-command.js";
import { type LoadedProfile, loadProfile } from "./load-profile.js";

/** Which profile is meant: that of a session, or one that a run with these options would have. */
export interface PolicyQuestion {
  readonly profile: string | undefined;
  readonly dirs: readonly string[];
  readonly session?: SessionId;
}

/** The profile in question. Throws `usage` for one that is wrong, naming file and line. */
export async function openPolicy(
  controller: Controller,
  asked: PolicyQuestion,
): Promise<LoadedProfile> {
  if (asked.session === undefined)
    return loadProfile(controller, asked.profile, resolveWorkspaces(controller, asked.dirs));
  const record = await controller.store.readSession(asked.session);
  const frozen = record.profile ?? DEFAULT_PROFILE;
  return { profile: thawProfile(frozen), frozen };
}

/** What it lets a task do, in plain words. */
export function explainPolicy(profile: Profile): readonly ProfileChapter[] {
  return explainProfile(profile);
}

/** What of it this version would refuse to run with. */
export function listUnenforced(profile: Profile): readonly string[] {
  return [...findUnenforced(profile), ...findDeniedInit(profile)];
}

/** Where a system's own perl lies. */
const PERLS = ["/usr/bin/perl", "/bin/perl", "/usr/local/bin/perl"];

function findDeniedInit(profile: Profile): readonly string[] {
  const denied = new Set(findDeniedFiles(findDeniedPrograms(profile), []));
  const perl = PERLS.find((file) => existsSync(file));
  if (perl === undefined || !denied.has(realpathSync(perl))) return [];
  return [`${perl} is denied, and a sandbox begins with it; an image (--image) has its own`];
}

/** Every example of every rule. */
export function testPolicy({ commands }: Profile): readonly ExampleResult[] {
  return commands.rules.flatMap(checkExamples);
}

/** What it says of a command, run where `asked` would run it. */
export async function checkPolicy(
  controller: Controller,
  profile: Profile,
  asked: { readonly argv: readonly string[]; readonly dirs: readonly string[] },
): Promise<CommandDecision> {
  const workspaces = resolveWorkspaces(controller, asked.dirs);
  const isIn = workspaces.some((workspace) => isInside(controller.cwd, workspace));
  const cwd = isIn ? controller.cwd : (workspaces[0] ?? "/");
  const place = { cwd, workspaces, uppers: [], path: controller.invokerPath, hasImage: false };
  return judgeCommand(controller, { profile, argv: asked.argv, place });
}
