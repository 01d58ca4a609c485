import { hasErrno } from "../../core/error.js";
import type { OpenSecret } from "../../core/open-secret.js";
import type { SandboxMount } from "../../core/sandbox-spec.js";
import type { SessionRecord } from "../../core/session.js";
import { isInside } from "../../core/system-path.js";
import type { Controller } from "../controller.js";
import { readSessionProfile } from "../session-profile.js";

/** A session about to run, with the mounts of its home. */
export interface TaskWithHome {
  readonly record: SessionRecord;
  /** Those that stand in files of the home. */
  readonly secrets: readonly OpenSecret[];
}

/** Makes the home that the session's profile says. Most say none, and load nothing. An earlier task's home is replaced. */
export async function openTaskHome(
  controller: Controller,
  record: SessionRecord,
): Promise<TaskWithHome> {
  // What a daemon may have to be sent over a network had better be small.
  const all = readSessionProfile(record)?.home ?? [];
  const rules = all.filter(({ mode }) => mode !== "cache" || record.engine === "oci");
  if (rules.length < all.length)
    controller.notice("sandbox: caches of the profile's home are left out: only oci shares them");
  const [layers] = record.layers;
  if (rules.length === 0 || layers === undefined) return { record, secrets: [] };
  const { makeHome } = await import("./make-home.js");
  const { toHomeRoot } = await import("../../overlay/open-home.js");
  const { spec } = record;
  const { mounts, secrets } = makeHome(controller, rules, { layers, target: spec.home });
  const others = spec.mounts.filter((mount) => !isMadeIn(toHomeRoot(layers), mount));
  return { record: { ...record, spec: { ...spec, mounts: [...others, ...mounts] } }, secrets };
}

function isMadeIn(root: string, mount: SandboxMount): boolean {
  if (mount.kind === "overlay") return isInside(mount.upper, root);
  return mount.kind === "readonly" && isInside(mount.source, root);
}

/** Throws away what the task left in its home. Where that cannot be done now it goes with the session's layers. */
export async function closeTaskHome({ layers: [layers], profile }: SessionRecord): Promise<void> {
  const rules = readSessionProfile(profile === undefined ? {} : { profile })?.home ?? [];
  if (rules.length === 0 || layers === undefined) return;
  const { removeHome } = await import("../../overlay/open-home.js");
  try {
    removeHome(layers);
  } catch (error) {
    if (!hasErrno(error, "EACCES", "EPERM", "EBUSY", "ENOTEMPTY")) throw error;
  }
}
