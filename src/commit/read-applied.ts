import type { RelPath } from "../core/path.js";
import { readJournal } from "./read-journal.js";

/** The paths a commit writes, by its journal; `workspace` is an index into its own list. Throws as `readJournal`. */
export function readApplied(
  commitDir: string,
): readonly { readonly workspace: number; readonly path: RelPath }[] {
  const { transaction } = readJournal(commitDir);
  return (transaction?.steps ?? []).map(({ workspace, path }) => ({ workspace, path }));
}
