import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";

/** Makes `dir/project` the root of another filesystem, so that no rename leads there from `dir/state`. Root only. */
export function mountProject(dir: string, source: string): Disposable {
  const project = path.join(dir, "project");
  mkdirSync(project, { recursive: true });
  run("mount", "--bind", source, project);
  return { [Symbol.dispose]: () => run("umount", project) };
}

function run(file: string, ...argv: readonly string[]): void {
  const result = spawnSync(file, argv, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${file} ${argv.join(" ")}: ${result.stderr}`);
}
