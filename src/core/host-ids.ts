import type { Layers } from "./change.js";

/** Owner of a path by host ids. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** How ids on the two sides of an overlay belong together. */
export type IdMapping = Pick<Layers, "idmap" | "taskUid" | "taskGid">;

/**
 * Ids on one side of the overlay → the same owner's ids on the other side. With `swap-root` id 0 and the
 * task's own change places; the exchange is its own inverse.
 */
export function swapIds(ids: Ids, layers: IdMapping): Ids {
  if (layers.idmap === "none") return ids;
  return { uid: swap(ids.uid, layers.taskUid), gid: swap(ids.gid, layers.taskGid) };
}

function swap(id: number, task: number): number {
  if (id === 0) return task;
  return id === task ? 0 : id;
}
