import { readFileSync } from "node:fs";
import { findScript } from "../oci/find-script.js";
import type { ImageEntry } from "./import-image.js";
import type { Ownership } from "./labels.js";
import type { Daemon } from "./open-daemon.js";
import { perlEntries, perlKey } from "./perl-bundle.js";

/** The image a task's container is made from. */
export interface TaskImage {
  readonly name: string;
  /** Makes it where the daemon has not got it. Safe for several at once. */
  make(daemon: Daemon, ownership: Ownership): Promise<void>;
}

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
