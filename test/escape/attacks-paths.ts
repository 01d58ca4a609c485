import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Attack, Control, ToArgv } from "./attack.js";
import type { Ground } from "./ground.js";
import { quiet } from "./scenes.js";

const onHost = [{ on: "host" }] as const;

const secretBy =
  (verb: string): ToArgv =>
  ({ secret }) => ["files", verb, secret];

/** The program's word alone is not believed where it may have written without knowing. */
const dropped = ({ drop }: Ground): string | undefined =>
  existsSync(drop) ? "it is there on the host" : undefined;

function attack(
  id: string,
  title: string,
  argv: ToArgv,
  controls: readonly [Control, ...Control[]] = onHost,
): Attack {
  return { id, row: 22, title, argv, controls, scene: quiet };
}

/** Paths that lead outside, and what is left open. */
export const pathAttacks: readonly Attack[] = [
  attack("absolute-path", "read a file by its absolute path", secretBy("read")),
  attack("dot-dot", "read a file by climbing up with ..", secretBy("climb")),
  {
    ...attack("write-outside", "write a file outside", ({ drop }) => ["files", "write", drop]),
    look: dropped,
  },
  attack("symlink-read", "read through a symbolic link made inside", secretBy("symlink-read")),
  attack("symlink-planted", "read through a symbolic link that was there", ({ project }) => [
    "files",
    "read",
    path.join(project, "planted-link"),
  ]),
  {
    ...attack("symlink-write", "write through a symbolic link", ({ drop }) => [
      "files",
      "symlink-write",
      drop,
    ]),
    look: dropped,
  },
  attack("hard-link", "read through a hard link made inside", secretBy("hard-link")),
  {
    ...attack(
      "hard-link-write",
      "write in place into a file of the workspace that has another name outside",
      ({ project }) => ["files", "write-in-place", path.join(project, "two-names")],
      [
        {
          on: "inside",
          argv: ({ project }) => [
            "sh",
            "-c",
            'case $(head -c 2 "$0") in WM) echo reached: it was written;; *) echo held: $(head -c 9 "$0");; esac',
            path.join(project, "two-names"),
          ],
        },
      ],
    ),
    look: ({ outsideName }) =>
      readFileSync(outsideName, "utf8").startsWith("as it was") ? undefined : "the outside changed",
  },
  attack("process-roots", "read through /proc/*/root and /proc/*/cwd", secretBy("process-roots")),
  attack("process-descriptors", "read through /proc/*/fd", secretBy("process-descriptors"), [
    {
      on: "host",
      argv: ({ secret }) => [
        "sh",
        "-c",
        'exec 7<"$1"; "$2" process-descriptors "$1"',
        "sh",
        secret,
        "@files",
      ],
    },
  ]),
  attack(
    "inherited-descriptor",
    "use a descriptor the person's shell had open",
    () => ["files", "inherited"],
    [
      {
        on: "host",
        argv: ({ secret }) => ["sh", "-c", 'exec 7<"$1"; "$2" inherited', "sh", secret, "@files"],
      },
    ],
  ),
  attack("file-handle", "open files by handle, past every mount", () => ["files", "by-handle"], [
    { on: "root" },
    { on: "inside", argv: ({ project }) => ["files", "open", project] },
  ]),
  attack("forged-whiteout", "make a 0:0 device, an overlay's mark of deletion", () => [
    "files",
    "make-device",
    "char",
    "0",
    "0",
  ]),
  {
    ...attack(
      "forged-opaque",
      "set an overlay's mark on a directory, so that its children seem deleted",
      ({ project }) => ["files", "forge-marks", path.join(project, "marked")],
      [
        {
          on: "inside",
          argv: ({ project }) => [
            "sh",
            "-c",
            'rm -r "$1" && mkdir "$1" && echo reached: replaced',
            "sh",
            path.join(project, "replaced"),
          ],
        },
      ],
    ),
    look: ({ readChanges }) => {
      const changes = readChanges();
      if (!changes.includes("replaced/child")) return "control: a real deletion is not seen";
      return changes.includes("marked/child") ? "the mark was believed" : undefined;
    },
  },
];
