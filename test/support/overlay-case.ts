import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Change, Changeset, Layers } from "../../src/core/change.js";
import { parseSessionId } from "../../src/core/ids.js";
import { parseRelPath } from "../../src/core/path.js";
import { openLayers } from "../../src/overlay/open-layers.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { makeTree, type TreeLines } from "./temp-tree.js";

/** Base → edit → changes, over a real overlay mounted by the kernel. */
export interface OverlayCase {
  readonly base: TreeLines;
  /** Shell commands in the workspace before the run: what the tree language has no sign for. */
  readonly prepare?: string;
  /** The task: shell commands, run in the mounted overlay. */
  readonly edit: string;
  /** Shell commands of the host in the workspace, after the run and before the reading. */
  readonly host?: string;
  readonly covered?: readonly string[];
}

/** An overlay that was mounted, edited and unmounted. */
export interface EndedOverlay {
  readonly layers: Layers;
  /** A copy of what the task saw in the end. */
  readonly snapshot: string;
}

const SESSION = "s-aaaaaaaaaa";
/** design.md 3. */
const OPTIONS = "userxattr,redirect_dir=nofollow,metacopy=off,index=off,xino=off,volatile";
const MOUNT_AND_EDIT = `set -e
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK,${OPTIONS}" "$MERGED"
if [ ! -e "$WORK/mounted" ]; then : > "$WORK/mounted"; stat "$WORK/mounted" >/dev/null; touch "$WORK/mounted"; fi
cd "$MERGED"
set +e
eval "$EDIT"
set -e
cd "$MERGED"
if [ -n "$SNAPSHOT" ]; then cp -a . "$SNAPSHOT"; fi`;

/** Does everything up to the reading, in `dir`, as whoever runs this. */
export function runOverlay(
  dir: string,
  one: OverlayCase,
  options: { readonly snapshot?: boolean } = {},
): EndedOverlay {
  const workspace = path.join(dir, "project");
  makeTree(workspace, one.base);
  if (one.prepare !== undefined) shell(workspace, one.prepare);
  const layers = openCaseLayers(dir, { workspace, covered: one.covered ?? [] });
  const snapshot = path.join(dir, "snapshot");
  mkdirSync(path.join(dir, "merged"));
  if (options.snapshot === true) mkdirSync(snapshot);
  mountAndEdit(layers, {
    merged: path.join(dir, "merged"),
    edit: one.edit,
    snapshot: options.snapshot === true ? snapshot : "",
  });
  if (one.host !== undefined) shell(workspace, one.host);
  return { layers, snapshot };
}

/** The changeset of a case. */
export function readCase(dir: string, one: OverlayCase): Changeset {
  return readChangeset([runOverlay(dir, one).layers]);
}

/** Layers as a session of `dir/state` would have them, for the user who runs this. */
export function openCaseLayers(
  dir: string,
  o: { readonly workspace: string; readonly covered: readonly string[] },
): Layers {
  const sessionId = parseSessionId(SESSION);
  if (sessionId === undefined) throw new Error("not a session id");
  const stateHome = path.join(dir, "state");
  const sessionDir = path.join(stateHome, "sessions", SESSION);
  mkdirSync(sessionDir, { recursive: true, mode: 0o700 });
  const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const { uid, gid } = statSync(o.workspace);
  return openLayers({
    workspace: o.workspace,
    index: 0,
    sessionDir,
    stateHome,
    sessionId,
    task: self,
    controllerIsRoot: self.uid === 0,
    workspaceOwner: { uid, gid },
    covered: o.covered.map(parseRelPath),
  });
}

/** Mounts `layers` in namespaces of their own and runs the shell commands in it. */
export function mountAndEdit(
  layers: Layers,
  o: { readonly merged: string; readonly edit: string; readonly snapshot?: string },
): void {
  const unshare = process.getuid?.() === 0 ? "-m" : "-Urm";
  const result = spawnSync(
    "unshare",
    [`${unshare}pf`, "--kill-child", "sh", "-c", MOUNT_AND_EDIT],
    {
      encoding: "utf8",
      timeout: 60_000,
      killSignal: "SIGKILL",
      env: {
        ...{ PATH: process.env["PATH"], LC_ALL: "C.UTF-8" },
        ...{ LOWER: layers.lower, UPPER: layers.upper, WORK: layers.work },
        ...{ MERGED: o.merged, EDIT: o.edit, SNAPSHOT: o.snapshot ?? "" },
      },
    },
  );
  if (result.status !== 0) throw new Error(`the overlay failed: ${result.stderr}`);
}

/** A change on one line: `A path file`, `M path file→dir`, `D path file`, with `!` where the host touched it. */
export function toLine(change: Change): string {
  const { before, after, path: name, hostTouched } = change;
  const letter = { add: "A", modify: "M", delete: "D" }[change.kind];
  const types = [before?.type, after?.type].filter((type) => type !== undefined);
  const shown = types[0] === types[1] ? types[0] : types.join("→");
  return `${letter} ${name} ${shown}${hostTouched === undefined ? "" : " !"}`;
}

function shell(cwd: string, script: string): void {
  const result = spawnSync("sh", ["-ec", script], { cwd, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${script}: ${result.stderr}`);
}
