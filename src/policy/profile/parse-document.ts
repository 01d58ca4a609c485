import { SandboxError } from "../../core/error.js";
import { documentSchema, type ProfileDocument } from "./document-schema.js";
import { type LocatedValue, parseYaml, type ValuePath } from "./parse-yaml.js";

/** A profile's document with the places of its parts. */
export interface LocatedDocument {
  /** How it is named to people: the file, or `built-in:NAME`. */
  readonly file: string;
  readonly document: ProfileDocument;
  readonly locate: LocatedValue["locate"];
}

/** The profile `text` spells. Throws `usage` naming file, line, key and the right form of the first that is wrong. */
export function parseDocument(text: string, file: string): LocatedDocument {
  const located = parseYaml(text, file);
  const parsed = documentSchema.safeParse(located.value);
  if (parsed.success) return { file, document: parsed.data, locate: located.locate };
  const issues = parsed.error.issues.map((issue) => {
    const path = toPath(issue);
    return { path, message: issue.message };
  });
  const [first = { path: [], message: "not a profile" }, ...more] = issues;
  throw toProfileError(located, first, {
    list: more.map(
      ({ path, message }) => `${located.locate(path)}: ${renderPath(path)}: ${message}`,
    ),
  });
}

/** The error for the value at `path`: `FILE:LINE: KEY: MESSAGE`. */
export function toProfileError(
  { locate }: Pick<LocatedValue, "locate">,
  wrong: { readonly path: ValuePath; readonly message: string },
  details: { readonly hint?: string; readonly list?: readonly string[] } = {},
): SandboxError {
  const key = renderPath(wrong.path);
  return new SandboxError(
    "usage",
    `${locate(wrong.path)}: ${key === "" ? "" : `${key}: `}${wrong.message}`,
    details,
  );
}

/** `commands.rules[2].argv`. */
function renderPath(path: ValuePath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text;
}

/** An unknown key is where the key stands, not where its mapping begins. */
function toPath(issue: {
  readonly code?: string;
  readonly path: readonly PropertyKey[];
}): ValuePath {
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  const keys = "keys" in issue && Array.isArray(issue.keys) ? issue.keys : [];
  return keys.length > 0 ? [...path, String(keys[0])] : path;
}
