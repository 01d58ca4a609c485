import type { CommittedStamp } from "../core/change.js";
import { readJournal } from "./read-journal.js";

/**
 * Where a sealed commit or rollback left the paths it wrote and the directories around them: a path that still has
 * this inode and ctime was touched by us, not by the host. `workspace` is an index into the commit's own list. Empty for
 * a commit that is not sealed. Throws as `readJournal`.
 */
export function readStamps(commitDir: string): readonly CommittedStamp[] {
  const { transaction, results, sealed } = readJournal(commitDir);
  if (transaction === undefined || !sealed) return [];
  const { commit } = transaction.header;
  const ofSteps = transaction.steps.flatMap((step) => {
    const stamp = step.after === undefined ? undefined : results.steps.get(step.n);
    return stamp === undefined
      ? []
      : [{ workspace: step.workspace, path: step.path, ...stamp, commit }];
  });
  const ofDirs = transaction.dirs.flatMap((dir, index) => {
    const stamp = results.dirs.get(index);
    if (stamp === undefined) return [];
    const { ino, ctimeNs } = stamp;
    const workspace = Number(dir.place.root.slice(1));
    return [{ workspace, path: dir.place.path, ino, ctimeNs, commit }];
  });
  return [...ofSteps, ...ofDirs];
}
