import type { Change } from "../../core/change.js";
import { addEffects, type Effects, NO_EFFECTS } from "../../core/effects.js";

/**
 * What changes destroy, whatever command made them: a directory that went, or was made opaque, is in a changeset as a deletion of each path in
 * it. A file in whose place something of another type is counts as deleted; other content in a file as overwritten, with the bytes it had.
 * Owner, mode and attributes destroy no content.
 */
export function countEffects(changes: readonly Change[]): Effects {
  return changes.reduce((sum, change) => addEffects(sum, toEffects(change)), NO_EFFECTS);
}

/** Which effect one change has; undefined for none. */
export function findEffect({ before, after }: Change): keyof Effects | undefined {
  if (before === undefined || before.type === "dir") return undefined;
  if (after === undefined || after.type !== before.type) return "delete";
  const isSame =
    before.type === "file"
      ? before.digest !== undefined && before.digest === after.digest
      : before.target === after.target;
  return isSame ? undefined : "overwrite";
}

function toEffects(change: Change): Effects {
  const effect = findEffect(change);
  if (effect === undefined) return NO_EFFECTS;
  const bytes = change.before?.type === "file" ? change.before.size : 0;
  return { ...NO_EFFECTS, [effect]: { files: 1, bytes } };
}
