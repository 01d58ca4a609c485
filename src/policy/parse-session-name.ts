import { SandboxError } from "../core/error.js";

/** The name of a session as `--name` gives it. Throws `usage` for one that could be taken for something else. */
export function parseSessionName(text: string): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(text))
    throw new SandboxError("usage", `--name ${JSON.stringify(text)}: not a name`, {
      hint: "up to 63 of a-z, 0-9, dot, underscore and dash, beginning with a letter or digit",
    });
  if (text === "latest" || /^[sc]-/.test(text))
    throw new SandboxError("usage", `--name ${text}: it would be taken for an id or for latest`, {
      hint: "choose a name that is not latest and does not begin with s- or c-",
    });
  return text;
}
