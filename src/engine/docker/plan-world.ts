import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats, statSync } from "node:fs";
import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { toBaseSteps } from "../oci/to-base-steps.js";
import type { StageStep } from "../oci/to-stage-plan.js";
import type { ContainerMount } from "./container-layers.js";
import { toExecOption } from "./exec-option.js";
import type { ImageEntry } from "./import-image.js";
import { type MountPlaces, planReadOnly } from "./plan-read-only.js";

/** The root filesystem of a sandbox without `--image`: the same world as the oci engine's. */
export interface World {
  readonly mounts: readonly ContainerMount[];
  /** Changes with what `toEntries` would give; cheap. */
  readonly key: string;
  /** What lies in the image: small files and links. */
  readonly toEntries: () => readonly ImageEntry[];
}

/** An entry, without its content: that is read when an image is made. */
type Draft =
  | Exclude<ImageEntry, { readonly type: "file" }>
  | {
      readonly type: "file";
      readonly path: string;
      readonly text?: string;
      readonly from?: string;
    };

/** Turns the steps of the other engine's root filesystem into an image and mounts over it. */
export function planWorld(spec: SandboxSpec, places: MountPlaces): World {
  const steps = toBaseSteps(spec, { uid: spec.uid, gid: spec.gid });
  const drafts = steps.flatMap(toDrafts);
  return {
    mounts: steps.flatMap((step) => toMounts(step, places, toExecOption(spec))),
    key: drafts.map(toKey).join("\n"),
    toEntries: () => drafts.map(toEntry),
  };
}

/** `/etc` is copied whole: its directories hold links and small files that anyone may read. */
function toDrafts([verb, ...args]: StageStep): readonly Draft[] {
  const [target = "", second = ""] = args.map(String);
  const path = target.slice(1);
  switch (verb) {
    case "link":
      return [{ type: "link", path, to: second }];
    case "dir":
      return [{ type: "directory", path }];
    case "tmpfs":
      // runc gives a tmpfs the mode of the directory it covers.
      return [{ type: "directory", path, mode: Number.parseInt(second, 8) }];
    case "file":
      return [{ type: "file", path, text: second }];
    case "copy":
      return copyFile(target);
    case "optional":
      return target.startsWith("/etc/") ? copyTree(target, 0) : [];
    default:
      return [];
  }
}

function toMounts(
  [verb, ...args]: StageStep,
  places: MountPlaces,
  exec: string,
): readonly ContainerMount[] {
  const [target = "", second = "", ...rest] = args.map(String);
  if (verb === "tmpfs") {
    const [uid, gid, options] = rest;
    return [
      {
        type: "tmpfs",
        target,
        options: `nosuid,nodev,${exec},mode=${second},uid=${uid},gid=${gid},${options}`,
      },
    ];
  }
  if (verb !== "optional" || target.startsWith("/etc/")) return [];
  return statSync(second, { throwIfNoEntry: false })?.isDirectory() === true
    ? planReadOnly(second, target, places)
    : [];
}

const MOST_BYTES = 1 << 20;
const MOST_DEPTH = 6;

function copyFile(file: string): readonly Draft[] {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const path = file.slice(1);
  if (stats.isSymbolicLink()) {
    const to = readlinkSync(file);
    if (/^(\.\.\/|\/)usr\//.test(to)) return [{ type: "link", path, to }];
  }
  const real = statSync(file, { throwIfNoEntry: false });
  return real !== undefined && isCommon(real) ? [{ type: "file", path, from: file }] : [];
}

/** A small regular file that anyone may read. */
function isCommon(stats: Stats): boolean {
  return stats.isFile() && (stats.mode & 0o004) !== 0 && stats.size <= MOST_BYTES;
}

function copyTree(directory: string, depth: number): readonly Draft[] {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true || depth > MOST_DEPTH)
    return [];
  const inside = readdirSync(directory, { withFileTypes: true }).flatMap(
    (entry): readonly Draft[] => {
      const file = `${directory}/${entry.name}`;
      if (entry.isDirectory()) return copyTree(file, depth + 1);
      if (entry.isSymbolicLink())
        return [{ type: "link", path: file.slice(1), to: readlinkSync(file) }];
      return isCommon(lstatSync(file)) ? [{ type: "file", path: file.slice(1), from: file }] : [];
    },
  );
  return [{ type: "directory", path: directory.slice(1) }, ...inside];
}

function toKey(draft: Draft): string {
  if (draft.type !== "file" || draft.from === undefined) return JSON.stringify(draft);
  const { size, mtimeMs, ino } = statSync(draft.from);
  return `${draft.path} ${size} ${mtimeMs} ${ino}`;
}

function toEntry(draft: Draft): ImageEntry {
  if (draft.type !== "file") return draft;
  const content = draft.from === undefined ? (draft.text ?? "") : readFileSync(draft.from);
  return { type: "file", path: draft.path, content };
}
