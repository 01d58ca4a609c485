import type { Change, Changeset, CommittedStamp, Layers, Notice } from "../core/change.js";
import {
  type ChangeContent,
  compareChanges,
  toChangeDigest,
  toChangesetDigest,
} from "../core/changeset-digest.js";
import { createFileHasher } from "../host/hash-file.js";
import type { Native } from "../host/native.js";
import { openNative } from "../host/native.js";
import type { Findings } from "./change-draft.js";
import { ChangeWriter } from "./change-writer.js";
import { createCoveredPaths } from "./covered-paths.js";
import { createHostTouch } from "./host-touch.js";
import { walkLayers } from "./layer-walk.js";
import { readStamp } from "./layers-stamp.js";
import { joinLinks } from "./link-groups.js";
import { readRoot } from "./root-change.js";
import type { WalkContext } from "./walk-context.js";

/** What `readChangeset` may be told besides where the layers are. */
export interface ReadChangesetOptions {
  /** Paths as our own commits left them: not host edits. */
  readonly committed?: readonly CommittedStamp[];
  readonly native?: Native;
  /** What the host did before this moment (ns) is what the task began with; default: the stamp's. */
  readonly since?: bigint | undefined;
  /** Told of the number of paths looked at, now and then. */
  readonly onProgress?: (paths: number) => void;
}

const PROGRESS_EVERY = 1024;

/**
 * Reads the layers of a session whose sandbox is dead back as a changeset: every path that differs from the
 * workspace as it is now. Synchronous, on open directories, in bounded buffers. Neither tree is written.
 * Throws `damaged` where the layers are incomplete or change meanwhile, `conflict` where a workspace is gone.
 */
export function readChangeset(
  layers: readonly Layers[],
  options: ReadChangesetOptions = {},
): Changeset {
  const shared = {
    native: options.native ?? openNative(),
    hasher: createFileHasher(),
    onEntry: toCounter(options.onProgress),
  };
  const all: Findings[] = layers.map((one, workspace) =>
    readOne({
      ...shared,
      workspace,
      layers: one,
      since: options.since,
      committed: (options.committed ?? []).filter((stamp) => stamp.workspace === workspace),
    }),
  );
  const changes = all.flatMap((findings) => toChanges(findings.drafts));
  return {
    schema: "changeset/1",
    workspaces: layers.map((one) => one.lower),
    changes,
    notices: all.flatMap((findings) => toNotices(findings.notices)),
    digest: toChangesetDigest(changes),
  };
}

function readOne(
  options: Omit<WalkContext, "touch" | "covered"> & {
    readonly committed: readonly CommittedStamp[];
    readonly since: bigint | undefined;
  },
): Findings {
  const { committed, since, ...rest } = options;
  const stamp = readStamp(rest.layers.stamp);
  const findings: Findings = { drafts: [], notices: [], links: new Map() };
  const context: WalkContext = {
    ...rest,
    touch: createHostTouch({ stampNs: since ?? stamp.ctimeNs, committed }),
    covered: createCoveredPaths(rest.layers.covered),
  };
  const root = readRoot(context, { stamp, findings });
  walkLayers(context, root, new ChangeWriter(context, findings));
  joinLinks(findings, context.workspace);
  return findings;
}

function toChanges(drafts: readonly ChangeContent[]): readonly Change[] {
  const ordered = drafts.toSorted(compareChanges);
  return ordered.map((draft) => ({ ...draft, digest: toChangeDigest(draft) }));
}

function toNotices(notices: readonly Notice[]): readonly Notice[] {
  return notices.toSorted((a, b) => compareChanges(a, b) || (a.kind < b.kind ? -1 : 1));
}

function toCounter(onProgress: ((paths: number) => void) | undefined): () => void {
  let paths = 0;
  return () => {
    paths += 1;
    if (paths % PROGRESS_EVERY === 0) onProgress?.(paths);
  };
}
