import { closeSync, constants } from "node:fs";
import fc from "fast-check";
import { hasErrno } from "../../src/core/error.js";
import { encodeName } from "../../src/core/path.js";
import { openFileOps } from "../../src/host/confined-calls.js";
import type { At } from "../../src/host/confined-ops.js";
import { native } from "../support/commit-case.js";

const ops = openFileOps(native);
const S_IFCHR = 0o020000;
const S_IFBLK = 0o060000;

/** One entry of a hostile upperdir, and what lies in it. */
export interface HostileEntry {
  readonly name: string;
  readonly what: HostileKind;
  readonly marks: readonly (readonly [name: string, value: string])[];
  readonly mode: number;
  readonly below: readonly HostileEntry[];
}

type HostileKind =
  | { readonly kind: "file"; readonly text: string; readonly hole: number }
  | { readonly kind: "dir" }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "fifo" }
  | { readonly kind: "device"; readonly block: boolean; readonly dev: number }
  | { readonly kind: "whiteout" }
  /** Another name of the file made last. */
  | { readonly kind: "hard" };

/** Names that mean something to somebody; `a` … `e` are in the workspace too, each of another type. */
const names = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "c", "d", "e") },
  fc.constantFrom(
    ...[
      "-rf",
      ".wh.a",
      ".wh..wh..opq",
      "...",
      " ",
      "\n",
      "\u001b[2J",
      "\u202etxt",
      "A",
      "a ",
      "*",
      "~",
      "#work",
    ],
    ...[
      "x".repeat(255),
      "\udcff\udcfe",
      "é",
      "e\u0301",
      ".git",
      ".sandbox-stage-c-aaaaaaaaaa",
      "$(id)",
    ],
  ),
);

const targets = fc.constantFrom(
  ...[
    "OUTSIDE/secret",
    "OUTSIDE",
    "../outside/secret",
    "..",
    ".",
    "/",
    "/proc/self/root",
    "a",
    "e/../..",
    "x".repeat(4000),
  ],
);

const whats: fc.Arbitrary<HostileKind> = fc.oneof(
  fc.record({
    kind: fc.constant("file" as const),
    text: fc.constantFrom("", "x", "y"),
    hole: fc.constantFrom(0, 0, 0, 2 ** 24),
  }),
  { weight: 3, arbitrary: fc.constant({ kind: "dir" as const }) },
  fc.record({ kind: fc.constant("link" as const), target: targets }),
  fc.constant({ kind: "fifo" as const }),
  fc.constant({ kind: "whiteout" as const }),
  fc.constant({ kind: "hard" as const }),
  fc.record({
    kind: fc.constant("device" as const),
    block: fc.boolean(),
    dev: fc.constantFrom(0x103, 0x700, 1),
  }),
);

/** A POSIX ACL that lets user 1234 read and write (acl(5), linux/posix_acl_xattr.h), each byte a character. */
const ACL = Buffer.from(
  "0200000001000600ffffffff02000600d204000004000400ffffffff10000600ffffffff20000400ffffffff",
  "hex",
).toString("latin1");

const marks = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  fc.array(
    fc.tuple(
      fc.constantFrom(
        ...[
          "user.overlay.opaque",
          "user.overlay.redirect",
          "user.overlay.metacopy",
          "user.overlay.origin",
        ],
        ...[
          "user.overlay.whiteout",
          "user.overlay.whiteouts",
          "user.overlay.overlay.opaque",
          "trusted.overlay.opaque",
        ],
        ...[
          "trusted.overlay.redirect",
          "user.overlay.x",
          "user.note",
          "security.capability",
          "system.posix_acl_access",
        ],
      ),
      fc.constantFrom(
        "y",
        "x",
        "OUTSIDE/secret",
        "/OUTSIDE",
        "z".repeat(3000),
        "z".repeat(60_000),
        ACL,
      ),
    ),
    { maxLength: 2 },
  ),
);

/** Trees that no honest task leaves: forged marks, devices, odd names, links out, all nested in one another. */
export const hostileUppers: fc.Arbitrary<readonly HostileEntry[]> = toEntries(3);

function toEntries(depth: number): fc.Arbitrary<readonly HostileEntry[]> {
  const below = depth === 0 ? fc.constant([]) : fc.oneof(fc.constant([]), toEntries(depth - 1));
  const modes = fc.constantFrom(0o644, 0o755, 0o700, 0, 0o4755, 0o2777, 0o1777);
  return fc.array(fc.record({ name: names, what: whats, marks, mode: modes, below }), {
    maxLength: 5,
  });
}

/** Makes them in the directory `fd`; `outside` takes the place of OUTSIDE. What this user may not make is left out. */
export function makeUpper(fd: number, entries: readonly HostileEntry[], outside: string): void {
  const last: { at?: At } = {};
  for (const entry of entries) makeEntry({ dirfd: fd, name: entry.name }, { entry, outside, last });
}

interface Making {
  readonly entry: HostileEntry;
  readonly outside: string;
  readonly last: { at?: At };
}

function makeEntry(at: At, making: Making): void {
  const { entry, outside } = making;
  if (!allowed(() => makeInode(at, making))) return;
  if (entry.what.kind === "dir") {
    const fd = ops.openDirectory(at.dirfd, at.name);
    makeUpper(fd, entry.below, outside);
    closeSync(fd);
  }
  for (const [name, value] of entry.marks)
    allowed(() => ops.setXattr(at, name, Buffer.from(value.replace("OUTSIDE", outside), "latin1")));
  if (entry.what.kind === "file" || entry.what.kind === "dir") ops.setMode(at, entry.mode);
}

function makeInode(at: At, { entry, outside, last }: Making): void {
  const { what } = entry;
  const bytes = encodeName(at.name);
  switch (what.kind) {
    case "file": {
      const fd = ops.openFile(at, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
      ops.write(fd, Buffer.from(what.text));
      if (what.hole > 0) ops.truncate(fd, what.hole);
      closeSync(fd);
      last.at = at;
      return;
    }
    case "dir":
      ops.makeDirectory(at);
      return;
    case "link":
      ops.makeSymlink(what.target.replace("OUTSIDE", outside), at);
      return;
    case "fifo":
      ops.makeFifo(at);
      return;
    case "whiteout":
      ops.makeWhiteout(at);
      return;
    case "device":
      native.mknodAt({ dirfd: at.dirfd, path: bytes }, what.block ? S_IFBLK : S_IFCHR, what.dev);
      return;
    case "hard":
      if (last.at !== undefined) ops.link(last.at, at);
  }
}

/** False where this user or this filesystem does not do that, or the name is taken. */
function allowed(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (
      hasErrno(
        error,
        "EEXIST",
        "EPERM",
        "EACCES",
        "ENOTSUP",
        "ENOSPC",
        "E2BIG",
        "EINVAL",
        "ENOENT",
        "ERANGE",
        "ENAMETOOLONG",
        "EIO",
      )
    )
      return false;
    throw error;
  }
}
