import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../support/project-root.js";
import { openTempDir } from "../support/temp-tree.js";

/** The attacks' programs, ready to run anywhere: C without libraries, scripts as they are. */
export interface Programs extends Disposable {
  readonly dir: string;
  readonly names: readonly string[];
}

/** Compiles them on the spot. */
export function compilePrograms(): Programs {
  const temp = openTempDir();
  const source = path.join(projectRoot, "test/escape/programs");
  for (const name of readdirSync(source)) {
    const { ext, name: stem } = path.parse(name);
    const from = path.join(source, name);
    if (ext === ".c") compile(from, path.join(temp.path, stem));
    if (ext !== ".c" && ext !== ".h") copyFileSync(from, path.join(temp.path, name));
  }
  return {
    dir: temp.path,
    names: readdirSync(temp.path),
    [Symbol.dispose]: () => temp[Symbol.dispose](),
  };
}

function compile(source: string, program: string): void {
  const { status, stderr } = spawnSync("gcc", ["-static", "-O1", "-o", program, source], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`gcc ${source}: ${stderr}`);
}
