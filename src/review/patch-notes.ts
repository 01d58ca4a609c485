import type { Digest } from "../core/ids.js";
import type { FileDiff, State } from "./file-diff.js";
import { formatBytes, formatMode } from "./format-units.js";
import { neutralise, neutraliseName } from "./neutralise.js";

const NOUNS: Readonly<Record<State["type"], string>> = {
  file: "file",
  dir: "directory",
  symlink: "symbolic link",
  fifo: "FIFO",
  socket: "socket",
  device: "device",
};

/**
 * What git's format has no words for, one line each: directories, FIFOs, owners, extended
 * attributes, hard links, sizes and digests of what is not shown. No line can be taken for a part
 * of the patch: each stands behind `# `.
 */
export function toPatchNotes(file: FileDiff): readonly string[] {
  const name = neutraliseName(file.change.path === "" ? "." : file.change.path);
  return [
    ...toSpecialNotes(file),
    ...toOwnerNotes(file),
    ...toXattrNotes(file),
    ...toLinkNotes(file),
    ...toContentNotes(file),
  ].map((note) => `${name}: ${note}`);
}

function toSpecialNotes({ change: { before, after } }: FileDiff): readonly string[] {
  if (before !== undefined && after !== undefined && before.type === after.type) {
    if (isInPatch(after.type) || before.mode === after.mode) return [];
    return [`${NOUNS[after.type]}, mode ${formatMode(before.mode)} → ${formatMode(after.mode)}`];
  }
  const gone = before && !isInPatch(before.type) ? [`deleted ${NOUNS[before.type]}`] : [];
  const made =
    after && !isInPatch(after.type)
      ? [`new ${NOUNS[after.type]}, mode ${formatMode(after.mode)}`]
      : [];
  return [...gone, ...made];
}

function isInPatch(type: State["type"]): boolean {
  return type === "file" || type === "symlink";
}

function toOwnerNotes({ change: { before, after } }: FileDiff): readonly string[] {
  const notes: string[] = [];
  if (typeof after?.uid === "number") notes.push(`owner ${before?.uid ?? "new"} → ${after.uid}`);
  if (typeof after?.gid === "number") notes.push(`group ${before?.gid ?? "new"} → ${after.gid}`);
  return notes;
}

function toXattrNotes({ change: { before, after } }: FileDiff): readonly string[] {
  if (after === undefined) return [];
  const old = before?.xattrs ?? {};
  const now = after.xattrs ?? {};
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
  return names.flatMap((name) => {
    if (old[name] === now[name]) return [];
    const verb =
      now[name] === undefined ? "removed" : old[name] === undefined ? "added" : "changed";
    return [`attribute ${neutralise(name)} ${verb}`];
  });
}

function toLinkNotes({ change: { path, before, after } }: FileDiff): readonly string[] {
  const notes: string[] = [];
  if (after?.linkGroup !== undefined && after.linkGroup !== path)
    notes.push(`hard link of ${neutraliseName(after.linkGroup)}`);
  if (after?.type === "file" && before?.type === "file" && before.nlink > 1)
    notes.push("other hard links of it keep the old content");
  return notes;
}

function toContentNotes(file: FileDiff): readonly string[] {
  return file.parts.flatMap(({ before, after, diff }) => {
    if (diff.kind === "text") return [];
    const why = diff.kind === "binary" ? "binary" : "too large to compare";
    return [`${why}, ${describe(before)} → ${describe(after)}`];
  });
}

function describe(state: State | undefined): string {
  if (state === undefined) return "nothing";
  return `${formatBytes(state.size)}${state.digest === undefined ? "" : ` ${shorten(state.digest)}`}`;
}

function shorten(digest: Digest): string {
  return digest.slice(0, "sha256:".length + 12);
}
