import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod/mini";
import { hasErrno, SandboxError } from "../../core/error.js";
import type { SandboxImage } from "../../core/sandbox-spec.js";

/** An image in the store: plain files, complete since its directory has its name. */
export interface StoredImage {
  readonly id: string;
  /** Its root filesystem; nothing writes there. */
  readonly rootfs: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its `/etc/passwd` and `/etc/group`; empty where it has none. */
  readonly passwd: string;
  readonly group: string;
}

const recordSchema = z.object({
  schema: z.literal("image/1"),
  env: z.record(z.string(), z.string()),
  passwd: z.string(),
  group: z.string(),
});

/** Where the image `id` lies, or will lie, in the store. */
export function toImageDirectory(imagesDir: string, id: string): string {
  return path.join(imagesDir, id.replace(/^sha256:/, ""));
}

/** The image `id`; undefined where the store has not got it. */
export function readStoredImage(imagesDir: string, id: string): StoredImage | undefined {
  const directory = toImageDirectory(imagesDir, id);
  const text = readText(path.join(directory, "image.json"));
  if (text === undefined) return undefined;
  const { env, passwd, group } = z.parse(recordSchema, JSON.parse(text));
  return { id, rootfs: path.join(directory, "rootfs"), env, passwd, group };
}

/** The image of a sandbox. Throws `sandbox-unavailable` where it has been removed since. */
export function openStoredImage(
  imagesDir: string | undefined,
  { id, reference }: SandboxImage,
): StoredImage {
  const stored = imagesDir === undefined ? undefined : readStoredImage(imagesDir, id);
  if (stored !== undefined) return stored;
  throw new SandboxError(
    "sandbox-unavailable",
    `the image ${reference} (${id}) is not in the store`,
    {
      hint: `unpack it again: sandbox run --image ${reference} -- true`,
    },
  );
}

/** What `image.json` is to hold of the tree that was unpacked to `rootfs`. */
export function toImageRecord(
  rootfs: string,
  env: Readonly<Record<string, string>>,
): z.infer<typeof recordSchema> {
  return {
    schema: "image/1",
    env,
    passwd: readIdentities(rootfs, "passwd"),
    group: readIdentities(rootfs, "group"),
  };
}

const MOST_BYTES = 1 << 20;

/** A file of the image's `/etc`, no symbolic link followed. */
function readIdentities(rootfs: string, name: string): string {
  const etc = path.join(rootfs, "etc");
  if (lstatSync(etc, { throwIfNoEntry: false })?.isDirectory() !== true) return "";
  return readText(path.join(etc, name)) ?? "";
}

function readText(file: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ELOOP", "ENOTDIR")) return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    return stat.isFile() && stat.size <= MOST_BYTES ? readFileSync(fd, "utf8") : undefined;
  } finally {
    closeSync(fd);
  }
}
