import type { FileDiff } from "../review/file-diff.js";
import { toTextDiff } from "../review/text-diff.js";
import type { ComposedChange } from "./composed-change.js";

/** What a composed change makes of the file in the workspace; undefined where its content is the one in the layers. */
export function toComposedDiff({ change, content }: ComposedChange): FileDiff | undefined {
  const { before, after } = change;
  if (content === undefined || before === undefined || after === undefined) return undefined;
  const diff = toTextDiff(content.present, content.bytes, { otherEncodings: true });
  return { change, parts: [{ before, after, diff }] };
}
