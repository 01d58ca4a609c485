import { readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { listLibraries } from "../../host/list-libraries.js";
import { findPerl } from "../oci/find-runtime.js";
import type { ImageEntry } from "./import-image.js";

/** Where our own perl lies in an image: it runs in any of them, whatever libraries the image has. */
const PLACE = ".sandbox";

/** How a program of ours is started in a container: perl by its own loader, with its own libraries. */
export function toPerlArgv(script: string): readonly string[] {
  return [
    `/${PLACE}/ld.so`,
    "--library-path",
    `/${PLACE}/lib`,
    `/${PLACE}/perl`,
    `/${PLACE}/${script}`,
  ];
}

/** The host's perl, its loader and its libraries, for an image. */
export function perlEntries(): readonly ImageEntry[] {
  const { loader, libraries } = listLibraries(findPerl());
  const program = (name: string, file: string): ImageEntry => ({
    type: "file",
    path: `${PLACE}/${name}`,
    content: readFileSync(file),
    mode: 0o755,
  });
  return [
    { type: "directory", path: PLACE },
    { type: "directory", path: `${PLACE}/lib` },
    program("perl", findPerl()),
    program("ld.so", loader),
    ...libraries.map((file) => program(`lib/${path.basename(file)}`, file)),
  ];
}

/** Changes with the host's perl and its libraries; says so without reading them. */
export function perlKey(): string {
  return [findPerl(), "/etc/ld.so.cache"]
    .map((file) => {
      const { size, mtimeMs } = statSync(realpathSync(file));
      return `${file} ${size} ${mtimeMs}`;
    })
    .join("\n");
}
