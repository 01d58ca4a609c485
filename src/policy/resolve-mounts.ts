import { SandboxError } from "../core/error.js";
import type { SandboxMount } from "../core/sandbox-spec.js";
import { isInside, isOwnPath, isSystemPath } from "../core/system-path.js";

/** A path to be hidden, and what is there. */
export interface HiddenPath {
  readonly path: string;
  readonly type: "dir" | "file";
}

/** What is to be mounted besides the overlays. All paths absolute, resolved and normalised. */
export interface MountRequest {
  readonly workspaces: readonly string[];
  /** Of the program that was found, and of `--tool`. */
  readonly prefixes: readonly string[];
  /** `--ro`. */
  readonly readOnly: readonly string[];
  /** `--hide`. */
  readonly hide: readonly HiddenPath[];
  /** What no sandbox may see, e.g. `$SANDBOX_HOME`. */
  readonly keepOut?: readonly string[];
  /** Then the system directories are the image's: the host's own are shown only where they are mounted. */
  readonly hasImage?: boolean;
}

/**
 * The mounts besides the overlays, parents before what lies in them: together with the overlays, sorted by the depth
 * of their targets, they are applied in that order. What is visible anyway is left out. Throws `usage`
 * for what contradicts itself.
 */
export function resolveMounts(request: MountRequest): readonly SandboxMount[] {
  refuseContradictions(request);
  const shown = toShown(request);
  const hidden = request.hide.filter(({ path }) => isVisible(path, request, shown));
  const mounts: readonly SandboxMount[] = [
    ...shown.map((path) => ({ kind: "readonly", source: path, target: path }) as const),
    ...hidden.map(({ path, type }) => ({ kind: "hidden", target: path, type }) as const),
  ];
  return mounts.toSorted((a, b) => depth(a.target) - depth(b.target) || order(a.target, b.target));
}

/** `--ro` always counts in a workspace; everything else only where nothing shows it already. */
function toShown(request: MountRequest): readonly string[] {
  const { workspaces, prefixes, readOnly } = request;
  const isIn = (path: string, tops: readonly string[]): boolean =>
    tops.some((top) => isInside(path, top));
  const others = (path: string, of: readonly string[]): readonly string[] =>
    of.filter((other) => other !== path);
  const [covering, beside] = partition([...new Set(readOnly)], (path) => isIn(path, workspaces));
  const asked = beside.filter(
    (path) => !isHosts(path, request) && !isIn(path, others(path, beside)),
  );
  const tools = [...new Set(prefixes)].filter(
    (path) =>
      !isHosts(path, request) &&
      !isIn(path, [...workspaces, ...asked]) &&
      !isIn(path, others(path, prefixes)),
  );
  return [...covering, ...asked, ...tools];
}

function partition<T>(list: readonly T[], test: (item: T) => boolean): readonly [T[], T[]] {
  return [list.filter(test), list.filter((item) => !test(item))];
}

function isVisible(path: string, request: MountRequest, shown: readonly string[]): boolean {
  return (
    isHosts(path, request) || [...request.workspaces, ...shown].some((top) => isInside(path, top))
  );
}

/** Shown without being mounted. */
function isHosts(path: string, { hasImage }: MountRequest): boolean {
  return hasImage !== true && isSystemPath(path);
}

function refuseContradictions(request: MountRequest): void {
  const { prefixes, readOnly, hide, workspaces } = request;
  const options = { "--tool": prefixes, "--ro": readOnly, "--hide": hide.map(({ path }) => path) };
  for (const [option, paths] of Object.entries(options)) {
    const own = paths.find(isOwnPath);
    if (own !== undefined) throw toUsage(option, own, "the sandbox has its own");
  }
  for (const kept of request.keepOut ?? [])
    for (const [option, paths] of [["--tool", prefixes] as const, ["--ro", readOnly] as const]) {
      const bad = paths.find((path) => isInside(path, kept) || isInside(kept, path));
      if (bad !== undefined) throw toUsage(option, bad, `it would show ${kept}`);
    }
  const whole = readOnly.find((path) => workspaces.includes(path));
  if (whole !== undefined) throw toUsage("--ro", whole, "it is a workspace");
  for (const { path } of hide) refuseHidden(path, request);
}

function refuseHidden(path: string, request: MountRequest): void {
  const { workspaces, readOnly, prefixes } = request;
  // Of `/etc` a sandbox has one of its own, unless it has an image's: what that shows of the host's is no mount that could be covered.
  const isMounted = [...workspaces, ...readOnly, ...prefixes].some((top) => isInside(path, top));
  if (isInside(path, "/etc") && request.hasImage !== true && !isMounted && !isSystemPath(path))
    throw toUsage(
      "--hide",
      path,
      "a sandbox's /etc is fixed, and has nothing private of this host's",
    );
  const workspace = workspaces.find((one) => isInside(one, path));
  if (workspace !== undefined) throw toUsage("--hide", path, `it holds the workspace ${workspace}`);
  const asked = readOnly.find((one) => isInside(one, path));
  if (asked !== undefined) throw toUsage("--hide", path, `--ro ${asked} shows it`);
}

function toUsage(option: string, path: string, reason: string): SandboxError {
  return new SandboxError("usage", `${option} ${path}: ${reason}`);
}

function depth(path: string): number {
  return path.split("/").length;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
