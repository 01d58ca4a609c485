import { SandboxError } from "../core/error.js";

/** What a person wrote to name a session or a commit. */
export type Reference =
  | { readonly kind: "latest" }
  | { readonly kind: "prefix"; readonly of: "session" | "commit"; readonly text: string }
  | { readonly kind: "name"; readonly text: string };

const SHORTEST_PREFIX = 4;
const ID_LENGTH = 12;

/** Reads `text`; `what` is the word for it in messages. Throws `usage` where it can be neither id, prefix nor name. */
export function parseReference(text: string, what: "session" | "commit"): Reference {
  if (text === "latest") return { kind: "latest" };
  if (/^[sc]-/.test(text)) return parsePrefix(text, what);
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(text)) return { kind: "name", text };
  throw new SandboxError("usage", `not a ${what}: ${JSON.stringify(text)}`, {
    hint: formHint(what),
  });
}

function parsePrefix(text: string, what: "session" | "commit"): Reference {
  const of = text.startsWith("s-") ? "session" : "commit";
  if (!/^[sc]-[a-z2-7]*$/.test(text) || text.length > ID_LENGTH)
    throw new SandboxError("usage", `not a ${what} id: ${JSON.stringify(text)}`, {
      hint: formHint(what),
    });
  if (text.length < SHORTEST_PREFIX)
    throw new SandboxError("usage", `${text} is too short for a prefix`, {
      hint: `give at least ${SHORTEST_PREFIX} characters of the id`,
    });
  return { kind: "prefix", of, text };
}

function formHint(what: "session" | "commit"): string {
  const letter = what === "session" ? "s" : "c";
  return `an id is ${letter}- and 10 characters of a-z and 2-7; a prefix of 4, a --name or latest will do too`;
}
