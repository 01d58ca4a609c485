import { readFileSync } from "node:fs";
import { SandboxError } from "../core/error.js";

/** A schema, whatever library made it. */
export interface RecordSchema<T> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { path: readonly PropertyKey[]; message: string }[];
        };
      };
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
  const [issue] = result.error.issues;
  const where =
    issue === undefined || issue.path.length === 0 ? "" : `${issue.path.map(String).join(".")}: `;
  throw toDamaged(at.file, `${where}${issue?.message ?? "it does not fit its schema"}`);
}

/** The error for a file of the store that cannot be trusted. It is kept as it is. */
export function toDamaged(file: string, reason: string): SandboxError {
  return new SandboxError("damaged", `${file} is damaged: ${reason}`, {
    hint: "it was left as it is; the other sessions are not concerned",
  });
}
