import type { ActionRecord } from "../core/action.js";
import type { SessionRecord } from "../core/session.js";

const MASKED = "[masked]";

/** An action as it is told to whoever may look: of its variables only the names, since they are how a task gets its secrets. */
export function hideActionValues(record: ActionRecord): ActionRecord {
  const { request } = record;
  if (!("env" in request)) return record;
  const env = request.env.map((text) => `${text.split("=", 1)[0] ?? ""}=${MASKED}`);
  return { ...record, request: { ...request, env } };
}

/** A session likewise. */
export function hideSessionValues(record: SessionRecord): SessionRecord {
  const names = Object.keys(record.spec.env);
  const env = Object.fromEntries(names.map((name) => [name, MASKED]));
  return { ...record, spec: { ...record.spec, env } };
}
