import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import type { ProcessStamp } from "../../core/session.js";

/** What a labelled thing is. */
type ThingKind = "task" | "helper" | "layers" | "tree" | "root" | "derived" | "helper-image";

const PREFIX = "io.github.sandbox";

/** Names of our labels: only what carries `home` with our own value is ever ended or removed by us. */
export const LABELS = {
  home: `${PREFIX}.home`,
  session: `${PREFIX}.session`,
  owner: `${PREFIX}.owner`,
  kind: `${PREFIX}.kind`,
  content: `${PREFIX}.content`,
} as const;

/** Who things belong to. */
export interface Ownership {
  /** From `toHomeLabel`. */
  readonly home: string;
  readonly sandboxId: string;
  readonly owner: ProcessStamp;
}

/** Tells the state directories of one daemon's users apart without naming them. */
export function toHomeLabel(stateHome: string): string {
  return createHash("sha256").update(realpathSync(stateHome)).digest("hex").slice(0, 16);
}

/** The labels of a thing of one sandbox. */
export function toLabels(of: Ownership, kind: ThingKind): Readonly<Record<string, string>> {
  const { pid, startTime, bootId } = of.owner;
  return {
    [LABELS.home]: of.home,
    [LABELS.session]: of.sandboxId,
    [LABELS.owner]: `${pid}:${startTime}:${bootId}`,
    [LABELS.kind]: kind,
  };
}

/** The labels of a thing that sandboxes share, named by its content. */
export function toSharedLabels(
  home: string,
  kind: ThingKind,
  content: string,
): Readonly<Record<string, string>> {
  return { [LABELS.home]: home, [LABELS.kind]: kind, [LABELS.content]: content };
}

/** What `toLabels` wrote of the process; undefined for what it did not write. */
export function parseOwner(text: string): ProcessStamp | undefined {
  const [, pid, startTime, bootId] = /^(\d+):(\d+):([\da-f-]+)$/.exec(text) ?? [];
  if (pid === undefined || startTime === undefined || bootId === undefined) return undefined;
  return { pid: Number(pid), startTime, bootId };
}
