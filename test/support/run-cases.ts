import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Changeset } from "../../src/core/change.js";
import { type OverlayCase, readCase } from "./overlay-case.js";
import type { PlainUser } from "./plain-user.js";
import { openTempDir } from "./temp-tree.js";

/** The changesets of `cases`, each over its own overlay, made and read by the user who runs this. */
export function readCases(cases: readonly OverlayCase[]): readonly Changeset[] {
  return cases.map((one) => {
    using dir = openTempDir();
    return readCase(dir.path, one);
  });
}

/** The same, made and read by an ordinary user in a process of its own. */
export function readCasesAs(user: PlainUser, cases: readonly OverlayCase[]): readonly Changeset[] {
  const self = fileURLToPath(import.meta.url);
  const result = user.run([process.execPath, self], { input: JSON.stringify(cases) });
  if (result.status !== 0) throw new Error(`as ${user.name}: ${result.stderr}`);
  return JSON.parse(result.stdout) as readonly Changeset[];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const cases = JSON.parse(readFileSync(0, "utf8")) as readonly OverlayCase[];
  process.stdout.write(JSON.stringify(readCases(cases)));
}
