import * as z from "zod/mini";
import type { Layers, Notice } from "../core/change.js";
import {
  type ApprovalId,
  type CommitId,
  type Digest,
  parseApprovalId,
  parseCommitId,
  parseDigest,
  parseSessionId,
  type SessionId,
} from "../core/ids.js";
import type { RelPath } from "../core/path.js";
import { isRelPath } from "./is-rel-path.js";

// What the store's files hold, each schema checked by the compiler against the type it parses to. zod/mini and
// not zod: a fifth of the code and of the time to load.

export const sessionId = z.custom<SessionId>(spells(parseSessionId), "not a session id");
export const commitId = z.custom<CommitId>(spells(parseCommitId), "not a commit id");
export const approvalId = z.custom<ApprovalId>(spells(parseApprovalId), "not an approval id");
export const digest = z.custom<Digest>(spells(parseDigest), "not a digest");
export const relPath = z.custom<RelPath>(
  (value) => typeof value === "string" && isRelPath(value),
  "not a relative path",
);
export const absolutePath = z.string().check(z.regex(/^\/[^\0]*$/, "not an absolute path"));
export const timestamp = z
  .string()
  .check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, "not a time in UTC"));
export const count = z.int().check(z.nonnegative());

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
