import { readFileSync } from "node:fs";
import { findScript } from "../oci/find-script.js";
import { importImage } from "./import-image.js";
import { toSharedLabels } from "./labels.js";
import type { Daemon } from "./open-daemon.js";
import { perlEntries, perlKey } from "./perl-bundle.js";
import { toContentId } from "./content-id.js";

/** Name of the image of short-lived helpers, by the content of perl and of their program. */
export function toHelperImage(): string {
  return `sandbox-helper:${toContentId([perlKey(), readFileSync(findScript("helper.pl"))])}`;
}

/** Makes the image where the daemon has not got it. Safe for several at once: equal content gets an equal name. */
export async function makeHelperImage(daemon: Daemon, home: string): Promise<string> {
  const name = toHelperImage();
  await importImage(daemon, {
    name,
    labels: toSharedLabels(home, "helper-image", name),
    entries: [
      ...perlEntries(),
      { type: "file", path: ".sandbox/helper.pl", content: readFileSync(findScript("helper.pl")) },
      ...["proc", "dev", "sys", "etc", "tmp", "mnt"].map(
        (path) => ({ type: "directory", path }) as const,
      ),
    ],
  });
  return name;
}
