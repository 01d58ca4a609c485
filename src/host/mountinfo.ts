import { readFileSync } from "node:fs";
import { isInside } from "../core/system-path.js";

/** One line of `/proc/self/mountinfo` (proc(5)), octal escapes undone. */
export interface MountPoint {
  readonly mountId: number;
  readonly parentId: number;
  /** The directory of the mounted filesystem that shows here. */
  readonly root: string;
  readonly mountPoint: string;
  readonly fsType: string;
  readonly options: readonly string[];
  readonly superOptions: readonly string[];
}

/** Every mount this process sees, in the kernel's order: later ones may cover earlier ones. */
export function readMountInfo(): readonly MountPoint[] {
  return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** The mounts strictly below `path`, an absolute path without symlinks. */
export function mountsBelow(path: string, mounts = readMountInfo()): readonly MountPoint[] {
  const prefix = path === "/" ? "/" : `${path}/`;
  return mounts.filter((mount) => mount.mountPoint.startsWith(prefix) && mount.mountPoint !== path);
}

/** The mount that holds `path`, an absolute path without symlinks. */
export function mountOf(path: string, mounts = readMountInfo()): MountPoint | undefined {
  let found: MountPoint | undefined;
  for (const mount of mounts) {
    if (!isInside(path, mount.mountPoint)) continue;
    if (found === undefined || mount.mountPoint.length >= found.mountPoint.length) found = mount;
  }
  return found;
}

/** The mounts `text` lists; a line that does not parse is left out. */
export function parseMountInfo(text: string): readonly MountPoint[] {
  return text.split("\n").flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): MountPoint | undefined {
  const fields = line.split(" ");
  const separator = fields.indexOf("-", 6);
  const [mountId, parentId, , root, mountPoint, options] = fields;
  const fsType = fields[separator + 1];
  if (separator < 0 || mountPoint === undefined || root === undefined || fsType === undefined)
    return undefined;
  return {
    mountId: Number(mountId),
    parentId: Number(parentId),
    root: unescapeOctal(root),
    mountPoint: unescapeOctal(mountPoint),
    fsType,
    options: (options ?? "").split(","),
    superOptions: (fields[separator + 3] ?? "").split(","),
  };
}

/** The kernel writes space, tab, newline and backslash as `\ooo`. */
function unescapeOctal(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
