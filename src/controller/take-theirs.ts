import type { Change } from "../core/change.js";
import { readPresent } from "../overlay/read-present.js";
import { type ComposedChange, type Refusal, withDigest } from "./composed-change.js";
import type { Controller } from "./controller.js";
import { layersOf, type ReviewedChange, type SessionReview } from "./session-review.js";

/**
 * The task's version in the place of whatever the host has there now, which a rollback brings back. Files, links and FIFOs only: a
 * directory holds more than was looked at. Undefined where nothing is in its way.
 */
export async function takeTheirs(
  controller: Controller,
  review: SessionReview,
  item: ReviewedChange,
): Promise<ComposedChange | Refusal | undefined> {
  const { workspace, path, before, after } = item.change;
  const { lower } = layersOf(review.record, item.change);
  const present = readPresent(lower, path, await controller.host.native());
  if (present === "denied") return { refused: "this user may not read what the host has there" };
  const types = [before?.type, after?.type, present?.type];
  if (types.includes("dir"))
    return { refused: "a directory is in question: the task's version cannot simply be taken" };
  if (present?.type === "device" || present?.type === "socket")
    return { refused: `a ${present.type} is there on the host` };
  if (after === undefined) {
    if (present === undefined) return undefined;
    return toTheirs(item.change, { workspace, path, kind: "delete", before: present });
  }
  if (present === undefined) return toTheirs(item.change, { workspace, path, kind: "add", after });
  return toTheirs(item.change, { workspace, path, kind: "modify", before: present, after });
}

function toTheirs(original: Change, content: Parameters<typeof withDigest>[0]): ComposedChange {
  const change = withDigest(content);
  return {
    how: "theirs",
    original,
    change,
    rest: "none",
    note: "the task's version, over the host's",
  };
}
