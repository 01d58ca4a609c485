import { readFileSync } from "node:fs";
import { SandboxError } from "../core/error.js";

/** What a schema says of a value that does not fit. */
interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly expected?: unknown;
  readonly keys?: unknown;
}

/** A schema, whatever library made it. */
export interface RecordSchema<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } };
}

/** The JSON file at `file`. Throws Node's `ENOENT`, and `damaged` where the content is not what `schema` says. */
export function readRecord<T>(file: string, schema: RecordSchema<T>): T {
  return parseRecord(readFileSync(file, "utf8"), { file, schema });
}

/** As `readRecord`, of text that came from `at.file`. */
export function parseRecord<T>(text: string, at: { file: string; schema: RecordSchema<T> }): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw toDamaged(at.file, text === "" ? "it is empty" : "it is not JSON");
  }
  const result = at.schema.safeParse(value);
  if (result.success) return result.data;
  throw toDamaged(at.file, describeIssue(result.error.issues[0]));
}

/** The error for a file of the store that cannot be trusted. It is kept as it is. */
export function toDamaged(file: string, reason: string): SandboxError {
  return new SandboxError("damaged", `${file} is damaged: ${reason}`, {
    hint: "it was left as it is; the other sessions are not concerned",
  });
}

/** zod/mini has no texts of its own: `Invalid input` is all it says. */
function describeIssue(issue: Issue | undefined): string {
  if (issue === undefined) return "it does not fit its schema";
  const where = issue.path.length === 0 ? "" : `${issue.path.map(String).join(".")}: `;
  if (Array.isArray(issue.keys))
    return `${where}unknown field ${issue.keys.map(String).join(", ")}`;
  if (typeof issue.expected === "string") return `${where}not a ${issue.expected}`;
  return `${where}${issue.message === "Invalid input" ? "not a known value" : issue.message}`;
}
