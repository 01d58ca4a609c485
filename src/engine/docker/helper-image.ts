import { readFileSync } from "node:fs";
import { findScript } from "../oci/find-script.js";
import { importImage } from "./import-image.js";
import { toSharedLabels } from "./labels.js";
import type { OwnImage } from "./own-images.js";
import { perlEntries, perlKey } from "./perl-bundle.js";
import { toContentId } from "./content-id.js";

/** The image of short-lived helpers of one state directory, by the content of perl and of their program. */
export function toHelperImage(home: string): OwnImage {
  const program = readFileSync(findScript("helper.pl"));
  const name = `sandbox-helper:${toContentId([home, perlKey(), program])}`;
  return {
    name,
    make: (daemon) =>
      importImage(daemon, {
        name,
        labels: toSharedLabels(home, "helper-image", name),
        entries: [
          ...perlEntries(),
          { type: "file", path: ".sandbox/helper.pl", content: program },
          ...["proc", "dev", "sys", "etc", "tmp", "mnt"].map(
            (path) => ({ type: "directory", path }) as const,
          ),
        ],
      }),
  };
}
