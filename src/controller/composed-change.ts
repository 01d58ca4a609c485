import type { BaseState, Change, NextState } from "../core/change.js";
import { type ChangeContent, toChangeDigest } from "../core/changeset-digest.js";
import { decideChange } from "../policy/decide-change.js";
import { assessRisks } from "../review/assess-risks.js";
import { digestOf } from "./keep-bases.js";
import type { SessionReview } from "./session-review.js";

/** A change that is committed in the place of one of the changeset. */
export interface ComposedChange {
  readonly how: "edits" | "merge" | "theirs";
  readonly original: Change;
  readonly change: Change;
  /** Absent where the content is the one in the layers. */
  readonly content?: { readonly bytes: Uint8Array; readonly present: Uint8Array };
  readonly rest: "none" | "pending";
  /** For a person, beside the path. */
  readonly note: string;
}

/** Why a change cannot be committed that way, for a person. */
export interface Refusal {
  readonly refused: string;
  /** `host`: what the host did since stands in the way. */
  readonly by?: "host";
}

/** True for a refusal. */
export function isRefusal(value: object): value is Refusal {
  return "refused" in value;
}

const RAISING = 0o6000;

/**
 * The file `bytes` with the metadata of `after`, in the place of `present`. Refused where that is to have setuid, setgid or file
 * capabilities: content that nobody saw as a whole never gets them.
 */
export function toComposedFile(
  original: Change,
  sides: {
    readonly present: BaseState;
    readonly after: Pick<NextState, "mode" | "uid" | "gid" | "xattrs">;
  },
  bytes: Uint8Array,
): Change | Refusal {
  const { present, after } = sides;
  const { mode, uid, gid, xattrs } = after;
  if ((mode & RAISING) !== 0 || xattrs?.["security.capability"] !== undefined)
    return { refused: "it has setuid, setgid or capabilities: only the whole file can be taken" };
  if (original.after === undefined) return { refused: "it is deleted" };
  const next: NextState = {
    ...{ type: "file", mode, uid, gid, size: bytes.length, digest: digestOf(bytes) },
    mtimeNs: `${BigInt(Date.now()) * 1_000_000n}`,
    upper: original.after.upper,
    ...(xattrs !== undefined && { xattrs }),
  };
  const { workspace, path } = original;
  return withDigest({ workspace, path, kind: "modify", before: present, after: next });
}

/** A change with its digest. */
export function withDigest(content: ChangeContent): Change {
  return { ...content, digest: toChangeDigest(content) };
}

/** Why policy would not have the change that was made for another one. */
export function findDenial(review: SessionReview, change: Change): Refusal | undefined {
  const risks = assessRisks(change, { changeset: review.changeset });
  const { decision, reason } = decideChange(change, risks);
  return decision === "deny" ? { refused: reason } : undefined;
}
