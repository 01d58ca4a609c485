import path from "node:path";
import { unknownImage } from "./image-problem.js";

/** Where an image is. `pick` names one of several in it. */
export type ImageReference =
  | {
      readonly kind: "docker-archive" | "oci-archive" | "oci-layout" | "detect";
      readonly path: string;
      readonly pick?: string;
    }
  | { readonly kind: "daemon"; readonly name: string };

const SCHEMES = {
  "docker-archive": "docker-archive",
  "oci-archive": "oci-archive",
  oci: "oci-layout",
} as const;

/** A name as Docker takes it (distribution/reference: repository, tag, digest), or an image id. */
const NAME =
  /^[a-z0-9]+([._-]+[a-z0-9]+)*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/i;

/**
 * `docker-archive:PATH[:NAME:TAG]`, `oci-archive:PATH[:TAG]`, `oci:DIR[:TAG]` as containers-transports(5) has them; what begins
 * with `/`, `./` or `../` is a path; all else is an image of the local daemon. A bare name is never a file: a task could leave one
 * in the workspace. `exists` tells a path with a colon from a path and a name. Throws `usage`.
 */
export function parseReference(text: string, exists: (file: string) => boolean): ImageReference {
  if (text.includes("\0")) throw unknownImage("a reference holds no NUL");
  const [, scheme = "", rest = ""] = /^([a-z-]+):(.*)$/s.exec(text) ?? [];
  if (isScheme(scheme)) return { kind: SCHEMES[scheme], ...splitPath(rest, exists) };
  if (/^\.{0,2}\//.test(text)) return { kind: "detect", ...splitPath(text, exists) };
  if (NAME.test(text)) return { kind: "daemon", name: text };
  throw unknownImage(
    "not an image reference",
    "NAME[:TAG], docker-archive:PATH, oci-archive:PATH, oci:DIRECTORY, or a path that begins with / or ./",
  );
}

function isScheme(text: string): text is keyof typeof SCHEMES {
  return Object.hasOwn(SCHEMES, text);
}

function splitPath(
  text: string,
  exists: (file: string) => boolean,
): { readonly path: string; readonly pick?: string } {
  if (text === "") throw unknownImage("a path is missing");
  const whole = path.resolve(text);
  for (let at = text.length; at > 0; at = text.lastIndexOf(":", at - 1)) {
    const file = path.resolve(text.slice(0, at));
    if (!exists(file)) continue;
    const pick = text.slice(at + 1);
    return pick === "" ? { path: file } : { path: file, pick };
  }
  throw unknownImage(`there is no ${whole}`);
}
