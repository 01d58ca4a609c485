import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { SandboxError } from "../../core/error.js";
import type { Daemon } from "./open-daemon.js";
import { parseImageId } from "./made-images.js";
import { pick } from "./parse-answer.js";

/** An entry of an image that we make; the parents of a path are made as needed. All belong to root. */
export type ImageEntry =
  | { readonly type: "directory"; readonly path: string; readonly mode?: number }
  | { readonly type: "link"; readonly path: string; readonly to: string }
  | {
      readonly type: "file";
      readonly path: string;
      readonly content: Uint8Array | string;
      readonly mode?: number;
    };

/** What an image is made of. */
export interface ImportedImage {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly entries: readonly ImageEntry[];
}

/** Makes an image of one layer (`docker import`) and returns its id. */
export async function importImage(daemon: Daemon, image: ImportedImage): Promise<string> {
  const [repo = "", tag = ""] = image.name.split(":");
  const answer = await daemon.open({
    method: "POST",
    path: "/images/create",
    query: {
      fromSrc: "-",
      repo,
      tag,
      changes: Object.entries(image.labels).map(([key, value]) => `LABEL ${key}="${value}"`),
    },
    upload: toTar(image.entries),
    doing: `make the image ${image.name}`,
    mayTakeLong: true,
  });
  return await readId(answer, image.name);
}

/** A tar of `entries` that is always the same bytes. */
export function toTar(entries: readonly ImageEntry[]): Readable {
  const tar = pack();
  for (const entry of entries) {
    const common = { name: entry.path, uid: 0, gid: 0, mtime: new Date(0) };
    switch (entry.type) {
      case "directory":
        tar.entry({ ...common, type: "directory", mode: entry.mode ?? 0o755 });
        break;
      case "link":
        tar.entry({ ...common, type: "symlink", linkname: entry.to });
        break;
      case "file": {
        const content = Buffer.from(entry.content);
        tar.entry({ ...common, type: "file", mode: entry.mode ?? 0o644 }, content);
      }
    }
  }
  tar.finalize();
  // streamx's streams are not Node's own.
  return Readable.from(tar);
}

/** The last of its JSON lines. An import that fails on the way says so in one, with status 200. */
async function readId(answer: Readable, name: string): Promise<string> {
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  let id: string | undefined;
  let failure: unknown = "it does not say which image it has made";
  for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
    const said: unknown = JSON.parse(line);
    id = parseImageId(pick(said, "status")) ?? id;
    failure = pick(said, "error") ?? failure;
    if (pick(said, "error") !== undefined) id = undefined;
  }
  if (id !== undefined) return id;
  throw new SandboxError("sandbox-unavailable", `docker cannot make the image ${name}: ${failure}`);
}
