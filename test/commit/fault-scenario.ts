import { mkdirSync, realpathSync, statSync } from "node:fs";
import { spawnSync } from "node:child_process";
import path from "node:path";
import type { Layers } from "../../src/core/change.js";
import { parseSessionId } from "../../src/core/ids.js";
import { openLayers } from "../../src/overlay/open-layers.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { type CommitCase, native, toCommitCase } from "../support/commit-case.js";
import { mountAndEdit, type OverlayCase } from "../support/overlay-case.js";
import { makeTree } from "../support/temp-tree.js";
import { everyKind } from "./every-kind.js";

const KINDS = ["file", "dir", "link", "fifo", "none"] as const;
type Kind = (typeof KINDS)[number];

/** Every change of type there is, each in a directory that stays and in one that was made anew (opaque). */
const matrix = toMatrix(["m", "o/m"]);

const IS_ROOT = process.getuid?.() === 0;
/** File capabilities v2, `cap_net_raw` permitted (capabilities(7), linux/capability.h). */
const CAPABILITY = "0x0100000200200000000000000000000000000000";

const first: OverlayCase = {
  base: [
    ...everyKind.base,
    ...matrix.base,
    "acl/f=acl",
    "acl2=acl",
    "owned=owned",
    "owndir/x=x",
    "cap=cap",
  ],
  prepare: `${everyKind.prepare}; ${matrix.prepare}
    setfacl -m u:1234:r acl2; setfacl -d -m u:1234:rx acl
    ${IS_ROOT ? `chown 123:456 owned owndir; setfattr -n security.capability -v ${CAPABILITY} cap` : ":"}`,
  edit: `${everyKind.edit}\n${matrix.edit}
    setfacl -m u:1234:rw acl/f; setfacl -b acl2; chmod 711 acl
    ${IS_ROOT ? "echo more >> owned; chmod 711 owndir; rm cap; chown 77:88 owndir/x" : "echo more >> owned; rm cap"}`,
};

const second: OverlayCase = {
  base: ["a=a", "b/c/d=d", "b/c/e=e", "b/f=f", "x/y/z=z", "keep=keep"],
  prepare: "ln b/c/d b/hard; touch -d '1999-09-09 09:09:09.999999999' b x a",
  edit: `rm -r b/c; mkdir b/c; echo new > b/c/e; mkdir -p b/c/g/h; echo i > b/c/g/h/i; ln b/c/g/h/i b/c/j
    rm -r x; ln -s a x; echo more >> a; mkfifo b/p; chmod 2755 b/c/g; truncate -s 300K b/big; echo e >> b/big`,
};

/** Two sessions' worth of changes of every kind, in two workspaces; `state/` beside them. */
export interface FaultScenario {
  readonly session: CommitCase;
  readonly dir: string;
  readonly workspaces: readonly string[];
  /** What is committed; the rest stays pending in the layers. */
  readonly selected: ReadonlySet<number>;
}

/** A deletion in an opaque directory, an edit, an addition. */
const PENDING: ReadonlySet<string> = new Set([
  "o/m/file-none",
  "o/m/fifo-none",
  "mode",
  "deep/old",
]);

/** Runs both tasks over real overlays in `dir`. `staging` is how the first workspace's files are to be brought over. */
export function openFaultScenario(dir: string, staging: Layers["staging"]): FaultScenario {
  const real = realpathSync(dir);
  const layers = [first, second].map((one, index) => {
    const own = runIn(real, one, index);
    return index === 0 ? { ...own, staging } : own;
  });
  const commitsDir = path.join(real, "state", "commits");
  for (const id of COMMIT_LETTERS)
    mkdirSync(path.join(commitsDir, `c-${id.repeat(10)}`), { recursive: true, mode: 0o700 });
  const changeset = readChangeset(layers, { native });
  const session = toCommitCase({ layers, commitsDir, changeset, snapshot: "" });
  const selected = new Set(changeset.changes.keys());
  changeset.changes.forEach((change, index) => {
    if (PENDING.has(change.path)) selected.delete(index);
  });
  return { session, dir: real, workspaces: layers.map(({ lower }) => lower), selected };
}

/** The commits whose directories are there: the commit, its rollback, a commit tried again. */
export const COMMIT_LETTERS = ["a", "b", "d"] as const;

function runIn(dir: string, one: OverlayCase, index: number): Layers {
  const sessionId = parseSessionId("s-aaaaaaaaaa");
  if (sessionId === undefined) throw new Error("not a session id");
  const workspace = path.join(dir, `project${index}`);
  makeTree(workspace, one.base);
  const prepared = spawnSync("sh", ["-ec", one.prepare ?? ":"], {
    cwd: workspace,
    encoding: "utf8",
  });
  if (prepared.status !== 0) throw new Error(prepared.stderr);
  const stateHome = path.join(dir, "state");
  const sessionDir = path.join(stateHome, "sessions", "s-aaaaaaaaaa");
  mkdirSync(sessionDir, { recursive: true, mode: 0o700 });
  const { uid, gid } = statSync(workspace);
  const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const layers = openLayers({
    ...{ workspace, index, sessionDir, stateHome, sessionId, covered: [] },
    ...{ task: self, controllerIsRoot: IS_ROOT, workspaceOwner: { uid, gid } },
  });
  const merged = path.join(dir, `merged${index}`);
  mkdirSync(merged);
  mountAndEdit(layers, { merged, edit: one.edit });
  return layers;
}

function toMatrix(
  roots: readonly string[],
): Required<Pick<OverlayCase, "base" | "prepare" | "edit">> {
  const pairs = KINDS.flatMap((from) =>
    KINDS.filter((to) => to !== from).map((to) => ({ from, to, name: `${from}-${to}` })),
  );
  const base = roots.flatMap((root) =>
    pairs.flatMap(({ from, name }) => toLines(from, `${root}/${name}`)),
  );
  const edit = roots.flatMap((root) => [
    // What is below `o/` is in a directory that was removed and made again.
    ...(root.includes("/") ? [`rm -r ${path.dirname(root)}; mkdir -p ${root}`] : []),
    ...pairs.flatMap(({ to, name }) => {
      const full = `${root}/${name}`;
      return [`rm -rf ${full}`, toCommand(to, full)];
    }),
  ]);
  return { base, prepare: "touch -d '2002-02-02 02:02:02.2' m o", edit: edit.join("\n") };
}

function toLines(kind: Kind, name: string): readonly string[] {
  switch (kind) {
    case "file":
      return [`${name}=old ${name}`];
    case "dir":
      return [`${name}/in=old`, `${name}/sub/in=old`];
    case "link":
      return [`${name}->../kept`];
    case "fifo":
      return [`${name}|`];
    case "none":
      return [];
  }
}

function toCommand(kind: Kind, name: string): string {
  switch (kind) {
    case "file":
      return `echo new > ${name}`;
    case "dir":
      return `mkdir -p ${name}/sub; echo new > ${name}/sub/in`;
    case "link":
      return `ln -s /nowhere ${name}`;
    case "fifo":
      return `mkfifo ${name}`;
    case "none":
      return ":";
  }
}
