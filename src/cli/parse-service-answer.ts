import type { z } from "zod";
import type { ActionRecord } from "../core/action.js";
import type { Approval } from "../core/approval.js";
import { SandboxError } from "../core/error.js";
import { actionSchema, queueSchema } from "./json/action-schema.js";
import { approvalSchema, approvalsSchema } from "./json/approval-schema.js";

// What a service says is checked before it is shown: ids are ids, states are states. The schemas are those of `--json`, whose fields are the
// records'.

export function parseAction(value: unknown): ActionRecord {
  const { schema: _, ...record } = parse(actionSchema, value);
  return record as unknown as ActionRecord;
}

export function parseQueue(value: unknown): readonly ActionRecord[] {
  return parse(queueSchema, value).actions as unknown as readonly ActionRecord[];
}

export function parseApproval(value: unknown): Approval {
  const { schema: _, ...approval } = parse(approvalSchema, value);
  return approval as unknown as Approval;
}

export function parseApprovals(value: unknown): readonly Omit<Approval, "preview">[] {
  return parse(approvalsSchema, value).approvals as unknown as readonly Approval[];
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SandboxError("unexpected", "the service answers in a form that is not known here", {
    hint: "are both of the same version?",
    cause: parsed.error,
  });
}
