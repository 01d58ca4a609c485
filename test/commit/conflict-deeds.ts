import {
  chmodSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import type { Native } from "../../src/host/native.js";

/** One thing done to one path of a cell. */
type DeedStep =
  | readonly ["write" | "replace" | "slyly", path: string, text: string]
  | readonly ["link", path: string, target: string]
  | readonly ["chmod", path: string, mode: number]
  | readonly ["xattr", path: string, value: string]
  | readonly ["mkdir" | "remove" | "touch", path: string];

/** What a task or a host does to its cell. */
export interface Deed {
  readonly name: string;
  readonly steps: readonly DeedStep[];
  /** A directory of the task that is there again afterwards and was emptied: opaque in the layers. */
  readonly remakes?: string;
}

/** What each cell begins with. */
export const CELL = ["f=old", "g=same", "l->f", "d/a=1", "d/s/c=3"] as const;

const RM_D = ["remove", "d"] as const;
const RM_F = ["remove", "f"] as const;

/** What tasks do. */
export const TASK_DEEDS: readonly Deed[] = [
  { name: "nothing", steps: [] },
  { name: "adds a file", steps: [["write", "n", "new"]] },
  {
    name: "adds a directory",
    steps: [
      ["mkdir", "n"],
      ["write", "n/i", "new"],
    ],
  },
  { name: "adds a link", steps: [["link", "n", "f"]] },
  { name: "adds a file below", steps: [["write", "d/n", "new"]] },
  { name: "edits a file", steps: [["write", "f", "task"]] },
  { name: "replaces a file", steps: [["replace", "f", "task"]] },
  { name: "edits a file below", steps: [["write", "d/a", "task"]] },
  { name: "chmods a file", steps: [["chmod", "f", 0o600]] },
  { name: "gives a file an attribute", steps: [["xattr", "f", "task"]] },
  { name: "chmods a directory", steps: [["chmod", "d", 0o700]] },
  { name: "gives a directory an attribute", steps: [["xattr", "d", "task"]] },
  { name: "deletes a file", steps: [RM_F] },
  { name: "deletes a file below", steps: [["remove", "d/a"]] },
  { name: "deletes a directory", steps: [RM_D] },
  {
    name: "points a link elsewhere",
    steps: [
      ["remove", "l"],
      ["link", "l", "g"],
    ],
  },
  {
    name: "makes a link a file",
    steps: [
      ["remove", "l"],
      ["write", "l", "task"],
    ],
  },
  { name: "makes a file a directory", steps: [RM_F, ["mkdir", "f"], ["write", "f/i", "new"]] },
  { name: "makes a file a link", steps: [RM_F, ["link", "f", "g"]] },
  { name: "makes a directory a file", steps: [RM_D, ["write", "d", "task"]] },
  { name: "makes a directory a link", steps: [RM_D, ["link", "d", "g"]] },
  {
    name: "makes a directory anew",
    steps: [RM_D, ["mkdir", "d"], ["write", "d/n", "new"]],
    remakes: "d",
  },
  {
    name: "makes a directory anew, with a part of what it had",
    steps: [RM_D, ["mkdir", "d"], ["write", "d/a", "1"]],
    remakes: "d",
  },
];

/** What hosts do; the last repeats the task's own deed. */
export const HOST_DEEDS: readonly (Deed | "the same")[] = [
  { name: "nothing", steps: [] },
  ...onPath("f", "old"),
  ...onPath("d/a", "1"),
  { name: "f a directory", steps: [RM_F, ["mkdir", "f"], ["write", "f/i", "host"]] },
  { name: "f a link", steps: [RM_F, ["link", "f", "l"]] },
  {
    name: "d/a a directory",
    steps: [
      ["remove", "d/a"],
      ["mkdir", "d/a"],
    ],
  },
  { name: "touches d", steps: [["touch", "d"]] },
  { name: "chmods d", steps: [["chmod", "d", 0o750]] },
  { name: "gives d an attribute", steps: [["xattr", "d", "host"]] },
  { name: "deletes d", steps: [RM_D] },
  { name: "deletes d/s", steps: [["remove", "d/s"]] },
  { name: "d a file", steps: [RM_D, ["write", "d", "host"]] },
  { name: "d a link", steps: [RM_D, ["link", "d", "l"]] },
  { name: "adds d/h", steps: [["write", "d/h", "host"]] },
  { name: "adds d/s/h", steps: [["write", "d/s/h", "host"]] },
  { name: "adds d/n", steps: [["write", "d/n", "host"]] },
  { name: "adds d/n with the same", steps: [["write", "d/n", "new"]] },
  { name: "adds d/n, a directory", steps: [["mkdir", "d/n"]] },
  { name: "adds n", steps: [["write", "n", "host"]] },
  { name: "adds n with the same", steps: [["write", "n", "new"]] },
  { name: "adds n, a directory", steps: [["mkdir", "n"]] },
  {
    name: "adds n, a directory with other",
    steps: [
      ["mkdir", "n"],
      ["write", "n/i", "host"],
    ],
  },
  { name: "adds n, a link", steps: [["link", "n", "g"]] },
  {
    name: "l elsewhere",
    steps: [
      ["remove", "l"],
      ["link", "l", "d"],
    ],
  },
  {
    name: "l a file",
    steps: [
      ["remove", "l"],
      ["write", "l", "host"],
    ],
  },
  { name: "deletes l", steps: [["remove", "l"]] },
  "the same",
];

function onPath(name: string, text: string): readonly Deed[] {
  const other = text.toUpperCase().replace("1", "2");
  return [
    { name: `edits ${name}`, steps: [["write", name, "host"]] },
    { name: `edits ${name}, its size and time kept`, steps: [["slyly", name, other]] },
    { name: `replaces ${name}`, steps: [["replace", name, "host"]] },
    { name: `touches ${name}`, steps: [["touch", name]] },
    { name: `writes ${name} as it was`, steps: [["write", name, text]] },
    { name: `replaces ${name} by the same`, steps: [["replace", name, text]] },
    { name: `chmods ${name}`, steps: [["chmod", name, 0o640]] },
    { name: `gives ${name} an attribute`, steps: [["xattr", name, "host"]] },
    { name: `deletes ${name}`, steps: [["remove", name]] },
  ];
}

/** Does the deed in the directory `cell`. */
export function playDeed(native: Native, cell: string, deed: Deed): void {
  for (const step of deed.steps) play(native, path.join(cell, step[1]), step);
}

function play(native: Native, at: string, step: DeedStep): void {
  switch (step[0]) {
    case "write":
      writeFileSync(at, step[2]);
      break;
    case "replace":
      // Beside its directory's name: the temporary one must be no entry of a cell's own.
      writeFileSync(`${at}.tmp`, step[2]);
      renameSync(`${at}.tmp`, at);
      break;
    case "slyly": {
      const { atime, mtime } = lstatSync(at);
      writeFileSync(at, step[2]);
      utimesSync(at, atime, mtime);
      break;
    }
    case "link":
      symlinkSync(step[2], at);
      break;
    case "chmod":
      chmodSync(at, step[2]);
      break;
    case "xattr":
      native.lsetxattr(at, "user.deed", Buffer.from(step[2]));
      break;
    case "mkdir":
      mkdirSync(at);
      break;
    case "remove":
      rmSync(at, { recursive: true });
      break;
    case "touch":
      utimesSync(at, new Date(), new Date());
      break;
  }
}
