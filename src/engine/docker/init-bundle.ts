import { readFileSync } from "node:fs";
import { findScript } from "../oci/find-script.js";
import type { ImageEntry } from "./import-image.js";
import { perlEntries, perlKey } from "./perl-bundle.js";

/** What every image of a task has besides: our init and what runs it. */
export function initEntries(): readonly ImageEntry[] {
  return [
    ...perlEntries(),
    {
      type: "file",
      path: ".sandbox/announce.pl",
      content: readFileSync(findScript("announce.pl")),
    },
  ];
}

/** Changes with what `initEntries` gives. */
export function initKey(): readonly string[] {
  return [perlKey(), readFileSync(findScript("announce.pl"), "utf8")];
}
