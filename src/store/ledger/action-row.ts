import * as z from "zod/mini";
import type { ActionRecord, ActionRequest, ActionResult } from "../../core/action.js";
import { SandboxError } from "../../core/error.js";
import { EXIT_CODES, type ErrorCode } from "../../core/exit-code.js";
import { type ActionId, parseActionId } from "../../core/ids.js";
import { absolutePath, commitId, sessionId, timestamp } from "../core-schema.js";
import { toDamaged } from "../read-record.js";

const text = z.string().check(z.maxLength(64 * 1024), z.regex(/^[^\0]*$/, "no NUL"));
const texts = z.array(text).check(z.maxLength(4096));
const argv = texts.check(z.minLength(1, "names no program"));
const option = z.optional(text);

const requestSchema: z.ZodMiniType<ActionRequest> = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("run"),
    cwd: absolutePath,
    path: text,
    command: argv,
    dirs: texts,
    env: texts,
    readOnly: texts,
    hide: texts,
    tools: texts,
    profile: option,
    engine: option,
    runtime: option,
    image: option,
    timeout: option,
    memory: option,
    cpus: option,
    pids: option,
    upper: option,
    name: option,
    network: option,
    allow: z.optional(texts),
    commit: z.enum(["auto", "never"]),
  }),
  z.strictObject({
    kind: z.literal("exec"),
    cwd: absolutePath,
    path: text,
    session: sessionId,
    command: argv,
    env: texts,
    timeout: option,
  }),
  z.strictObject({
    kind: z.literal("commit"),
    cwd: absolutePath,
    session: sessionId,
    paths: texts,
    reviewed: z.boolean(),
    merge: z.enum(["no", "clean"]),
  }),
  z.strictObject({
    kind: z.literal("rollback"),
    cwd: absolutePath,
    commit: commitId,
    paths: texts,
  }),
  z.strictObject({ kind: z.literal("discard"), cwd: absolutePath, session: sessionId }),
]);

const errorCode = z.custom<ErrorCode>(
  (value) => typeof value === "string" && Object.hasOwn(EXIT_CODES, value),
  "not an error code",
);

const resultSchema = z.strictObject({
  exit: z.int(),
  session: z.optional(sessionId),
  commit: z.optional(commitId),
  error: z.optional(
    z.strictObject({ code: errorCode, message: z.string(), hint: z.optional(z.string()) }),
  ),
});

const rowSchema = z.strictObject({
  seq: z.int(),
  id: z.custom<ActionId>(
    (value) => typeof value === "string" && parseActionId(value) !== undefined,
    "not an action id",
  ),
  request: z.string(),
  submitter: z.string().check(z.regex(/^(user:\d+|token:.+)$/, "not a submitter")),
  priority: z.int().check(z.gte(-10), z.lte(10)),
  keys: z.string(),
  deadline: z.nullable(timestamp),
  state: z.enum(["queued", "running", "done", "failed", "cancelled", "interrupted"]),
  created_at: timestamp,
  started_at: z.nullable(timestamp),
  ended_at: z.nullable(timestamp),
  session: z.nullable(sessionId),
  result: z.nullable(z.string()),
});

/** The request that `value` (of anybody) is. Throws `usage` naming what is wrong. */
export function parseActionRequest(value: unknown): ActionRequest {
  const parsed = requestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join(".") ?? "";
  throw new SandboxError(
    "usage",
    `not an action: ${where === "" ? "" : `${where}: `}${issue?.message ?? "it does not fit"}`,
  );
}

/** One row of `actions`. Throws `damaged` naming `file`. */
export function toActionRecord(row: unknown, file: string): ActionRecord {
  const one = parse(rowSchema, row, file);
  const result = one.result === null ? undefined : toResult(one.result, file);
  return {
    action: one.id,
    request: parse(requestSchema, parseJson(one.request, file), file),
    submitter: one.submitter,
    priority: one.priority,
    keys: parse(z.array(z.string()), parseJson(one.keys, file), file),
    state: one.state,
    createdAt: one.created_at,
    ...(one.deadline === null ? {} : { deadline: one.deadline }),
    ...(one.started_at === null ? {} : { startedAt: one.started_at }),
    ...(one.ended_at === null ? {} : { endedAt: one.ended_at }),
    ...(one.session === null ? {} : { session: one.session }),
    ...(result === undefined ? {} : { result }),
  };
}

function toResult(json: string, file: string): ActionResult {
  const { exit, session, commit, error } = parse(resultSchema, parseJson(json, file), file);
  return {
    exit,
    ...(session === undefined ? {} : { session }),
    ...(commit === undefined ? {} : { commit }),
    ...(error === undefined ? {} : { error: toError(error) }),
  };
}

function toError({
  code,
  message,
  hint,
}: NonNullable<z.infer<typeof resultSchema>["error"]>): NonNullable<ActionResult["error"]> {
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

function parseJson(json: string, file: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) throw toDamaged(file, "an action is not JSON");
    throw error;
  }
}

function parse<T>(schema: z.ZodMiniType<T>, value: unknown, file: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw toDamaged(file, `${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? ""}`);
}
