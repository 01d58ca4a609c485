/** Host directories that the default rootfs shows, read-only, at their own path (design.md, decision 1). */
const SYSTEM = /^\/(?:usr|bin|sbin|lib\w*|opt|nix|snap|etc\/alternatives)(?:\/|$)/;
/** Parts of the rootfs that are the sandbox's own: nothing of the host can be mounted over them. */
const OWN = /^\/(?:proc|sys|dev|run|var\/run)(?:\/|$)/;

/** PATH inside where the invoker's has nothing to add. */
export const STANDARD_PATH: readonly string[] = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
];

/** True for an absolute, normalised host path that is there inside without being mounted for the task. */
export function isSystemPath(path: string): boolean {
  return SYSTEM.test(path);
}

/** True for an absolute, normalised path that the sandbox has one of its own of. */
export function isOwnPath(path: string): boolean {
  return path === "/" || OWN.test(path);
}

/** True when `path` is `ancestor` or lies below it; both absolute and normalised. */
export function isInside(path: string, ancestor: string): boolean {
  return path === ancestor || ancestor === "/" || path.startsWith(`${ancestor}/`);
}
