import type { ReviewedChange } from "./session-review.js";
import { neutraliseName } from "../review/neutralise.js";

const MOST_NAMED = 5;

/** The first of them by name, and how many more there are. */
export function describeItems(items: readonly ReviewedChange[]): string {
  const names = items.slice(0, MOST_NAMED).map((item) => neutraliseName(item.change.path || "."));
  const more = items.length > MOST_NAMED ? ` and ${items.length - MOST_NAMED} more` : "";
  return `${names.join(", ")}${more}`;
}
