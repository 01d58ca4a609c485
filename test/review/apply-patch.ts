import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

/** The environment git and patch run in: nobody's configuration. */
export const ENV = {
  PATH: "/usr/bin:/bin",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  LC_ALL: "C.UTF-8",
};

/** A directory that goes with the test. */
export function workDirectory(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), "sandbox-patch-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** `git apply`; throws where it refuses. */
export function applyWithGit(directory: string, patch: string): void {
  execFileSync("git", ["apply", "--whitespace=nowarn", "-"], {
    cwd: directory,
    input: patch,
    env: ENV,
  });
}

/** GNU `patch -p1`; throws where it refuses. */
export function applyWithPatch(directory: string, patch: string): void {
  const argv = ["-p1", "-s", "-f", "--binary", "--no-backup-if-mismatch"];
  execFileSync("patch", argv, { cwd: directory, input: patch, env: ENV });
}
