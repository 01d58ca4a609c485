import { readFileSync } from "node:fs";
import { findScript } from "../oci/find-script.js";
import type { ImageEntry } from "./import-image.js";
import { perlEntries, perlKey } from "./perl-bundle.js";

const SCRIPTS = ["announce.pl", "listen.pl", "run-task.pl"] as const;

/** What every image of a task has besides: our init and what runs it. */
export function initEntries(): readonly ImageEntry[] {
  return [
    ...perlEntries(),
    ...SCRIPTS.map(
      (name): ImageEntry => ({
        ...{ type: "file", path: `.sandbox/${name}`, content: readFileSync(findScript(name)) },
      }),
    ),
  ];
}

/** Changes with what `initEntries` gives. */
export function initKey(): readonly string[] {
  return [perlKey(), ...SCRIPTS.map((name) => readFileSync(findScript(name), "utf8"))];
}
