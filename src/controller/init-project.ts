import { SandboxError } from "../core/error.js";
import { parseRelPath } from "../core/path.js";
import { checkWorkspace } from "../overlay/check-workspace.js";
import { PROJECT_PROFILE } from "../policy/profile/project-profile.js";
import {
  BUILD_DIRECTORIES,
  PROJECT_TRACES,
  type ProjectTraces,
} from "../policy/profile/project-traces.js";
import { resolveProfile } from "../policy/profile/resolve-profile.js";
import { type SuggestedProfile, suggestProfile } from "../policy/profile/suggest-profile.js";
import type { Controller, ProjectDirectory } from "./controller.js";
import { resolveWorkspaces } from "./gather-facts.js";
import { createFindProfile } from "./profile-files.js";

/** What `init` was asked for. */
export interface InitRequest {
  /** The project; undefined is the current directory. */
  readonly dir: string | undefined;
  /** Nothing is written. */
  readonly dryRun: boolean;
  /** A file that is there is replaced. */
  readonly force: boolean;
}

/** What `init` made of the project at `directory`. */
export interface InitReport extends SuggestedProfile {
  readonly directory: string;
  readonly file: string;
  readonly written: boolean;
}

/**
 * Looks at a project, by the names of files only, and writes its `.sandbox.yaml`. No symbolic link is followed: what a project links elsewhere
 * is as if it were not there. Throws `usage` for a directory that is no project, and where the file is there already without `force`.
 */
export async function initProject(
  controller: Controller,
  { dir, dryRun, force }: InitRequest,
): Promise<InitReport> {
  const [directory = ""] = resolveWorkspaces(controller, dir === undefined ? [] : [dir]);
  const { stateHome, personHome } = controller;
  checkWorkspace(directory, { stateHome, homeDir: personHome });
  using project = await controller.host.openProject(directory);
  const suggested = suggestValid(controller, findTraces(project));
  const report = { ...suggested, directory, file: `${directory}/${PROJECT_PROFILE}` };
  if (dryRun) return { ...report, written: false };
  if (!project.put(PROJECT_PROFILE, suggested.text, { replace: force }))
    throw new SandboxError("usage", `${report.file} is there already`, {
      hint: "--force replaces it; --print shows what would be written",
    });
  return { ...report, written: true };
}

/** The first form that what runs here stand on takes: a budget of one's own may count otherwise, and then nothing may be said of it. */
function suggestValid(controller: Controller, traces: ProjectTraces): SuggestedProfile {
  const full = suggestProfile(traces, { withBudgets: true });
  try {
    checkSuggested(controller, full);
    return full;
  } catch (error) {
    const less = suggestProfile(traces, { withBudgets: false });
    checkSuggested(controller, less, error);
    return less;
  }
}

function checkSuggested(
  { profiles }: Controller,
  { text }: SuggestedProfile,
  cause?: unknown,
): void {
  const find = createFindProfile(profiles);
  const source = find("default");
  if (source === undefined) throw new Error("there is a default profile", { cause });
  const projects = [{ layer: "file", file: PROJECT_PROFILE, text } as const];
  resolveProfile(source, { find, projects });
}

/** Names that can stand in a file of ours as they are. */
const PLAIN = /^[A-Za-z0-9_][\w.-]{0,63}$/;
const MOST_DIRECTORIES = 12;

function findTraces(project: ProjectDirectory): ProjectTraces {
  const there = PROJECT_TRACES.filter(({ path }) => isReal(project, path));
  const directories = project
    .names()
    .filter((name) => PLAIN.test(name) && project.typeOf(parseRelPath(name)) === "dir")
    .toSorted();
  return {
    paths: new Set(there.map(({ path }) => path)),
    builds: directories.filter((name) => BUILD_DIRECTORIES.has(name)).slice(0, MOST_DIRECTORIES),
    sources: directories.filter((name) => !BUILD_DIRECTORIES.has(name)).slice(0, MOST_DIRECTORIES),
  };
}

function isReal(project: ProjectDirectory, path: string): boolean {
  const type = project.typeOf(parseRelPath(path));
  return type === "file" || type === "dir";
}
