import { realpathSync } from "node:fs";
import path from "node:path";
import type { CliContext } from "../cli-context.js";

/** The CI this process runs in, as its variables say. */
export interface CiHost {
  readonly kind: "github" | "gitlab" | "other";
  /** The root of the checkout: what paths in reports and annotations are told from. */
  readonly root: string | undefined;
  /** Files of a GitHub step: its summary and its outputs. */
  readonly summary: string | undefined;
  readonly outputs: string | undefined;
}

type Env = CliContext["env"];

/** Finds it (docs.github.com, "Variables reference"; docs.gitlab.com, "Predefined CI/CD variables"). */
export function findCiHost(env: Env): CiHost {
  if (env["GITHUB_ACTIONS"] === "true")
    return {
      kind: "github",
      root: toRoot(env["GITHUB_WORKSPACE"]),
      summary: toFile(env["GITHUB_STEP_SUMMARY"]),
      outputs: toFile(env["GITHUB_OUTPUT"]),
    };
  const isGitlab = env["GITLAB_CI"] === "true";
  return {
    kind: isGitlab ? "gitlab" : "other",
    root: isGitlab ? toRoot(env["CI_PROJECT_DIR"]) : undefined,
    summary: undefined,
    outputs: undefined,
  };
}

/** As the workspaces' paths are: without symbolic links. */
function toRoot(directory: string | undefined): string | undefined {
  if (directory === undefined || !path.isAbsolute(directory)) return undefined;
  try {
    return realpathSync(directory);
  } catch {
    return undefined;
  }
}

function toFile(file: string | undefined): string | undefined {
  return file !== undefined && path.isAbsolute(file) ? file : undefined;
}
