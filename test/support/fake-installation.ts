import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { projectRoot } from "./project-root.js";

const nodeFolder = path.dirname(process.execPath);

/** A program that says what reached it instead of the real one. */
export const witness = `process.stdout.write(JSON.stringify({ argv: process.argv.slice(2), env: process.env, node: process.execPath }));\n`;
const fakeBuild = `import fs from "node:fs";
fs.mkdirSync("dist/sandbox", { recursive: true });
fs.appendFileSync("builds", "built\\n");
fs.writeFileSync("dist/sandbox/start.cjs", ${JSON.stringify(witness)});
fs.writeFileSync("dist/sandbox/version", "0\\n");
`;

/** What a made installation is like. */
export interface Installation extends Disposable {
  readonly base: string;
  readonly root: string;
  readonly launcher: string;
}

/** A copy of the launcher with a witness as its program: as npm installs it, or as a checkout that is not built. */
export function install(kind: "built" | "checkout"): Installation {
  const base = realpathSync(mkdtempSync(path.join(tmpdir(), "sbx launcher-")));
  chmodSync(base, 0o755);
  const root = path.join(base, "lib", "node_modules", "sandbox-orchestrator");
  mkdirSync(root, { recursive: true });
  copyFileSync(path.join(projectRoot, "sandbox"), path.join(root, "sandbox"));
  cpSync(path.join(projectRoot, "scripts"), path.join(root, "scripts"), { recursive: true });
  if (kind === "built") {
    mkdirSync(path.join(root, "dist", "sandbox"), { recursive: true });
    writeFileSync(path.join(root, "dist", "sandbox", "start.cjs"), witness);
    writeFileSync(path.join(root, "dist", "sandbox", "version"), "0\n");
  } else {
    writeFileSync(path.join(root, "scripts", "build.mjs"), fakeBuild);
    writeFileSync(path.join(root, "package-lock.json"), "{}");
    for (const folder of ["src", "node_modules/koffi", ".git/logs"])
      mkdirSync(path.join(root, folder), { recursive: true });
    writeFileSync(path.join(root, "node_modules", ".package-lock.json"), "{}");
  }
  const launcher = path.join(root, "sandbox");
  return {
    base,
    root,
    launcher,
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** What the launcher is started with, besides its arguments. */
export interface LaunchOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The least that a launcher needs. */
export const plainEnv = { PATH: `${nodeFolder}:/usr/bin:/bin`, HOME: "/nonexistent" };

/** Runs a launcher and waits for it. */
export function launch(
  launcher: string,
  args: readonly string[],
  options: LaunchOptions = {},
): SpawnSyncReturns<string> {
  return spawnSync(launcher, args, {
    encoding: "utf8",
    env: { ...plainEnv, ...options.env },
    cwd: options.cwd ?? "/",
  });
}

/** Makes programs in `folder` that a launcher must not run: they say `planted` and leave a trace. */
export function plant(folder: string, names: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o777);
  const script = `#!/bin/sh\n: >"$0.ran"\necho planted\nexit 1\n`;
  for (const name of names) writeFileSync(path.join(folder, name), script, { mode: 0o755 });
}

/** The planted programs that have run. */
export function plantedThatRan(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => (name.endsWith(".ran") ? name.slice(0, -4) : []));
}

/** Makes a project whose `bin` has a planted Node. */
export function plantProject({ base }: Installation): { project: string; bin: string } {
  const project = path.join(base, "proj");
  const bin = path.join(project, "bin");
  plant(bin, ["node"]);
  mkdirSync(path.join(project, "sub", "deep"), { recursive: true });
  writeFileSync(path.join(project, "package.json"), "{}");
  return { project, bin };
}

/** An environment whose PATH starts with `entry`. */
export const onPath = (entry: string): { PATH: string } => ({ PATH: `${entry}:${plainEnv.PATH}` });

/** What the program was started with, as it said itself. */
export interface Witnessed {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly node: string;
}

/** Reads what the witness printed; fails where it did not run. */
export function witnessed(result: SpawnSyncReturns<string>): Witnessed {
  assert.equal(result.status, 0, result.stderr);
  return JSON.parse(result.stdout) as Witnessed;
}
