import * as z from "zod/mini";
import type { BaseState, Change, Layers, NextState, Notice, Owner } from "../core/change.js";
import { SandboxError } from "../core/error.js";
import {
  type CommitId,
  type Digest,
  parseCommitId,
  parseDigest,
  parseSessionId,
  type SessionId,
} from "../core/ids.js";
import { parseRelPath, type RelPath } from "../core/path.js";

// What the store's files hold, each schema checked by the compiler against the type it parses to. zod/mini and
// not zod: a fifth of the code and of the time to load.

export const sessionId = z.custom<SessionId>(spells(parseSessionId), "not a session id");
export const commitId = z.custom<CommitId>(spells(parseCommitId), "not a commit id");
export const digest = z.custom<Digest>(spells(parseDigest), "not a digest");
export const relPath = z.custom<RelPath>(spells(parseRelPathOrNothing), "not a relative path");
export const absolutePath = z.string().check(z.regex(/^\/[^\0]*$/, "not an absolute path"));
export const timestamp = z
  .string()
  .check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, "not a time in UTC"));
export const count = z.int().check(z.nonnegative());

const decimal = z.string().check(z.regex(/^-?\d+$/, "not a decimal number"));
const mode = z.int().check(z.gte(0), z.lte(0o7777));
const xattrs = z.record(z.string(), z.string());
const owner: z.ZodMiniType<Owner> = z.union([z.literal("user"), z.literal("base"), count]);

const baseState: z.ZodMiniType<BaseState> = z.strictObject({
  type: z.enum(["file", "dir", "symlink", "fifo", "socket", "device"]),
  mode,
  uid: count,
  gid: count,
  size: count,
  mtimeNs: decimal,
  ctimeNs: decimal,
  ino: decimal,
  dev: decimal,
  nlink: count,
  digest: z.exactOptional(digest),
  target: z.exactOptional(z.string()),
  xattrs: z.exactOptional(xattrs),
} satisfies Record<keyof BaseState, unknown>);

const nextState: z.ZodMiniType<NextState> = z.strictObject({
  type: z.enum(["file", "dir", "symlink", "fifo"]),
  mode,
  uid: owner,
  gid: owner,
  size: count,
  mtimeNs: decimal,
  digest: z.exactOptional(digest),
  target: z.exactOptional(z.string()),
  xattrs: z.exactOptional(xattrs),
  linkGroup: z.exactOptional(relPath),
  upper: z.strictObject({ ino: decimal, ctimeNs: decimal }),
} satisfies Record<keyof NextState, unknown>);

export const changeSchema: z.ZodMiniType<Change> = z
  .strictObject({
    workspace: count,
    path: relPath,
    kind: z.enum(["add", "modify", "delete"]),
    before: z.exactOptional(baseState),
    after: z.exactOptional(nextState),
    hostTouched: z.exactOptional(z.string()),
    digest,
  } satisfies Record<keyof Change, unknown>)
  .check(
    z.refine(
      (change) =>
        (change.before === undefined) === (change.kind === "add") &&
        (change.after === undefined) === (change.kind === "delete"),
      "before and after do not fit the kind of the change",
    ),
  );

export const noticeSchema: z.ZodMiniType<Notice> = z.strictObject({
  workspace: count,
  path: relPath,
  kind: z.enum([
    "socket-skipped",
    "device-refused",
    "forged-mark",
    "hidden-parent-kept",
    "link-split",
    "unreadable",
  ]),
  text: z.string(),
} satisfies Record<keyof Notice, unknown>);

export const layersSchema: z.ZodMiniType<Layers> = z.strictObject({
  lower: absolutePath,
  upper: absolutePath,
  work: absolutePath,
  stamp: absolutePath,
  staging: z.enum(["rename", "copy"]),
  taskUid: count,
  taskGid: count,
  idmap: z.enum(["none", "swap-root"]),
  covered: z.array(relPath),
} satisfies Record<keyof Layers, unknown>);

function spells(parse: (text: string) => string | undefined): (value: unknown) => boolean {
  return (value) => typeof value === "string" && parse(value) !== undefined;
}

function parseRelPathOrNothing(text: string): RelPath | undefined {
  try {
    return parseRelPath(text);
  } catch (error) {
    if (error instanceof SandboxError) return undefined;
    throw error;
  }
}
