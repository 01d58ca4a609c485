import { z } from "zod";
import { actionSchema, queueSchema } from "./action-schema.js";
import { answeredSchema, approvalSchema, approvalsSchema } from "./approval-schema.js";
import { commitSchema, recoverSchema, rollbackSchema } from "./commit-schema.js";
import { logReplaySchema, logSchema, logVerifySchema } from "./log-schema.js";
import { policySchema } from "./policy-schema.js";
import { initSchema } from "./init-schema.js";
import { reportSchema } from "./report-schema.js";
import { doctorSchema, errorSchema, runSchema } from "./run-schema.js";
import {
  diffSchema,
  discardSchema,
  lsSchema,
  pruneSchema,
  refreshSchema,
  sendsSchema,
  showSchema,
  reviewSchema,
  stopSchema,
} from "./session-schema.js";

/** Every object a command writes with `--json`, by the name in its `schema` field. */
export const OUTPUT_SCHEMAS = {
  run: runSchema,
  diff: diffSchema,
  commit: commitSchema,
  rollback: rollbackSchema,
  ls: lsSchema,
  show: showSchema,
  sends: sendsSchema,
  review: reviewSchema,
  refresh: refreshSchema,
  discard: discardSchema,
  stop: stopSchema,
  prune: pruneSchema,
  recover: recoverSchema,
  doctor: doctorSchema,
  policy: policySchema,
  approvals: approvalsSchema,
  approval: approvalSchema,
  answered: answeredSchema,
  log: logSchema,
  "log-verify": logVerifySchema,
  action: actionSchema,
  queue: queueSchema,
  "log-replay": logReplaySchema,
  init: initSchema,
  report: reportSchema,
  error: errorSchema,
} as const;

/** The object of one command: `OutputOf<"run">`. Import it as a type, so that zod is not loaded. */
export type OutputOf<Name extends keyof typeof OUTPUT_SCHEMAS> = z.infer<
  (typeof OUTPUT_SCHEMAS)[Name]
>;

/**
 * The JSON Schemas of `schemas/`: file name → text. What we write is strict; what is published lets
 * objects gain fields and enumerations gain values, as the contract says they may.
 */
export function toPublishedSchemas(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [name, schema] of Object.entries(OUTPUT_SCHEMAS)) {
    const { $schema, ...body } = z.toJSONSchema(schema, { override: toOpen });
    const published = {
      $schema,
      $id: `${name}.1.json`,
      title: `sandbox ${name.replace("-", " --")} --json`,
      ...body,
    };
    files.set(`${name}.1.json`, `${JSON.stringify(published, null, 2)}\n`);
  }
  return files;
}

function toOpen({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  if (jsonSchema.enum === undefined) return;
  const values = jsonSchema.enum;
  delete jsonSchema.enum;
  jsonSchema.anyOf = [{ enum: values }, { type: "string", description: "More may come." }];
  delete jsonSchema.type;
}
