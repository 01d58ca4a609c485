import { SandboxError } from "../core/error.js";
import { isApproval, type SavedDecision } from "../core/saved-decision.js";
import type { CommitRequest } from "./commit-request.js";
import { openHunks } from "./compose-edits.js";
import { isRefusal } from "./composed-change.js";
import type { Controller } from "./controller.js";
import { namesChange, toNamedPath } from "./named-path.js";
import { splitHunks, toEditChoice } from "./parse-hunks.js";
import type { Treatment } from "./prepare-plan.js";
import { hostPath, selectChanges } from "./select-changes.js";
import type { ReviewedChange, SessionReview } from "./session-review.js";

/** A request against the pending changes it is about. */
export interface Wish {
  /** In the changeset's order. */
  readonly chosen: readonly ReviewedChange[];
  /** By index of the change; absent: as the layers have it. */
  readonly treatments: ReadonlyMap<number, Treatment>;
  /** True for a change that was named: itself, or by a directory that it lies in (`namesChange`). */
  readonly isNamed: (item: ReviewedChange) => boolean;
  /** True for one whose own path was named, or that a review approved by itself. */
  readonly isExact: (item: ReviewedChange) => boolean;
}

/** Resolves what was asked for. Throws `usage` for a path outside, without a pending change, or named twice in ways that exclude each other. */
export function readWish(
  controller: Controller,
  o: {
    readonly review: SessionReview;
    readonly request: CommitRequest;
    readonly decisions: readonly SavedDecision[];
  },
): Wish {
  const { review, request } = o;
  const treatments = new Map<number, Treatment>();
  const chosen =
    request.reviewed === true
      ? chooseReviewed(controller, o, treatments)
      : chooseAsked(controller, { review, request, treatments });
  const { paths, hunks = [], theirs = [] } = request;
  const named = [...paths, ...theirs, ...hunks.map((text) => splitHunks(text).path)];
  const { workspaces } = review.changeset;
  const targets = named.map((text) => toNamedPath(controller, text, workspaces));
  return {
    chosen: review.items.filter(({ index }) => chosen.has(index)),
    treatments,
    isNamed: (item) => targets.some((target) => namesChange(target, item, workspaces)),
    isExact: (item) => {
      const file = hostPath(workspaces, item.change);
      return request.reviewed === true || targets.some(({ absolute }) => absolute === file);
    },
  };
}

function chooseAsked(
  controller: Controller,
  o: {
    readonly review: SessionReview;
    readonly request: CommitRequest;
    readonly treatments: Map<number, Treatment>;
  },
): ReadonlySet<number> {
  const { review, request, treatments } = o;
  const { paths, hunks = [], ours = [], theirs = [] } = request;
  for (const text of hunks) readHunks(controller, { review, text, treatments });
  const isNarrow = paths.length === 0 && hunks.length > 0;
  const chosen = new Set(isNarrow ? [] : select(controller, review, paths));
  for (const index of treatments.keys()) chosen.add(index);
  for (const index of selectNamed(controller, { review, paths: theirs, treatments })) {
    treatments.set(index, { kind: "theirs" });
    chosen.add(index);
  }
  for (const index of selectNamed(controller, { review, paths: ours, treatments }))
    chosen.delete(index);
  return chosen;
}

/** What lies at or below `paths` (none: nothing), of which nothing else was said. Throws `usage`. */
function selectNamed(
  controller: Controller,
  o: {
    readonly review: SessionReview;
    readonly paths: readonly string[];
    readonly treatments: ReadonlyMap<number, Treatment>;
  },
): readonly number[] {
  if (o.paths.length === 0) return [];
  const found = [...select(controller, o.review, o.paths)];
  const other = found.find((index) => o.treatments.has(index));
  if (other !== undefined) throw twice(o.review, other);
  return found;
}

function chooseReviewed(
  controller: Controller,
  o: {
    readonly review: SessionReview;
    readonly request: CommitRequest;
    readonly decisions: readonly SavedDecision[];
  },
  treatments: Map<number, Treatment>,
): ReadonlySet<number> {
  const approved = readReviewed(o, treatments);
  const below = select(controller, o.review, o.request.paths);
  return new Set([...approved].filter((index) => below.has(index)));
}

function select(
  controller: Controller,
  review: SessionReview,
  paths: readonly string[],
): ReadonlySet<number> {
  return selectChanges(review, { paths, resolvePath: controller.resolvePath });
}

function readHunks(
  controller: Controller,
  o: {
    readonly review: SessionReview;
    readonly text: string;
    readonly treatments: Map<number, Treatment>;
  },
): void {
  const { review, text, treatments } = o;
  const { path: file, hunks } = splitHunks(text);
  if (hunks === undefined)
    throw new SandboxError("usage", `--hunks ${text}: PATH:HUNKS, e.g. src/main.c:1,3`);
  const item = findExact(controller, review, file);
  const open = openHunks(review, item);
  if (isRefusal(open)) {
    // What the host changed is a conflict, and the plan says so.
    if (open.by !== "host") throw new SandboxError("usage", `${file}: ${open.refused}`);
    treatments.set(item.index, { kind: "edits", edits: new Set(), metadata: false });
    return;
  }
  if (treatments.has(item.index)) throw twice(review, item.index);
  treatments.set(item.index, { kind: "edits", ...toEditChoice(open, { path: file, hunks }) });
}

/** The pending change of just this path. Throws `usage`. */
export function findExact(
  controller: Controller,
  review: SessionReview,
  text: string,
): ReviewedChange {
  const target = controller.resolvePath(text);
  const found = review.items.find(
    ({ change }) => hostPath(review.changeset.workspaces, change) === target,
  );
  if (found === undefined)
    throw new SandboxError("usage", `${text}: the session has no pending change there`);
  return found;
}

/** What a review approved, with how. Throws `usage` where that is nothing. */
function readReviewed(
  o: { readonly review: SessionReview; readonly decisions: readonly SavedDecision[] },
  treatments: Map<number, Treatment>,
): ReadonlySet<number> {
  const saved = new Map(o.decisions.map((decision) => [decision.change, decision]));
  const approved = new Set<number>();
  for (const { change, index } of o.review.items) {
    const decision = saved.get(change.digest);
    if (decision === undefined || !isApproval(decision)) continue;
    approved.add(index);
    const treatment = toTreatment(decision);
    if (treatment !== undefined && !treatments.has(index)) treatments.set(index, treatment);
  }
  if (approved.size > 0) return approved;
  throw new SandboxError("usage", "no review has approved any of the pending changes", {
    hint: `sandbox review ${o.review.record.session}`,
  });
}

function toTreatment(decision: SavedDecision): Treatment | undefined {
  switch (decision.verdict) {
    case "edits":
      return { kind: "edits", edits: new Set(decision.edits), metadata: decision.metadata };
    case "merge":
      return {
        kind: "merge",
        choose: (conflict) => decision.conflicts[conflict],
        bound: decision.result,
      };
    case "theirs":
      return { kind: "theirs", bound: decision.result };
    default:
      return undefined;
  }
}

function twice(review: SessionReview, index: number): SandboxError {
  const name = review.items[index]?.change.path ?? "";
  return new SandboxError("usage", `${name}: asked for in two ways that exclude each other`);
}
