import { createHash } from "node:crypto";
import { mkdirSync, readlinkSync, symlinkSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";

/** What has a meaning of its own in the options of an overlay, or may have on the way there. */
const HARMLESS = /^[\w./@+~ -]+$/;
/** Three of them and the other options must fit into one page (mount(2)). */
const LONGEST = 1000;

/**
 * A name of `file` that can stand in the options of an overlay, where commas, colons, backslashes and long names cannot: itself, or a
 * link in `directory`, which is private to this user.
 */
export function toHarmlessPath(file: string, directory: string): string {
  if (HARMLESS.test(file) && file.length <= LONGEST) return file;
  if (!HARMLESS.test(directory))
    throw new SandboxError("sandbox-unavailable", `docker cannot mount layers below ${directory}`, {
      hint: "set SANDBOX_HOME to a directory without commas, colons and backslashes in its name",
    });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const link = path.join(directory, createHash("sha256").update(file).digest("hex").slice(0, 16));
  try {
    symlinkSync(file, link);
  } catch (error) {
    if (!hasErrno(error, "EEXIST") || readlinkSync(link) !== file) throw error;
  }
  return link;
}
