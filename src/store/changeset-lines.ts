import type { Changeset } from "../core/change.js";

const PIECE_CHANGES = 1_000;

/** A changeset as JSON in pieces of text, one change a line; see `readChangesetFile`. */
export function* toChangesetLines(changeset: Changeset): Generator<string> {
  const { schema, workspaces, notices, digest, changes } = changeset;
  const header = JSON.stringify({ schema, workspaces, notices, digest, count: changes.length });
  yield `${header.slice(0, -1)},"changes":[`;
  for (let start = 0; start < changes.length; start += PIECE_CHANGES) {
    const piece = changes.slice(start, start + PIECE_CHANGES);
    yield `${start === 0 ? "\n" : ",\n"}${piece.map((change) => JSON.stringify(change)).join(",\n")}`;
  }
  yield "\n]}\n";
}
