import { isCovered } from "../commit/close-rollback.js";
import { readApplied } from "../commit/read-applied.js";
import type { CommitId } from "../core/ids.js";
import type { CommitRecord } from "../core/session.js";
import type { Controller } from "./controller.js";

/** What later rollbacks mean for a commit. */
export interface Lineage {
  /** Keys (`toKey`) of the commit's paths that rollbacks have taken back and that still are. */
  readonly done: ReadonlySet<string>;
  /** Directories of rollbacks of it, of rollbacks of those, and so on, newest first. */
  readonly later: readonly string[];
  /** Of these: the ones that undid a rollback of it. */
  readonly keepers: readonly string[];
  readonly state: "sealed" | "partly-rolled-back" | "rolled-back";
}

type Store = Controller["store"];

/** Reads what became of a commit that is sealed, from the journals of the rollbacks themselves. */
export async function readLineage(store: Store, of: CommitRecord): Promise<Lineage> {
  const { commits } = await store.listCommits();
  const rollbacks = commits.filter(({ undoes, state }) => undoes !== undefined && isDone(state));
  const family: Family = { store, childrenOf: toChildren(rollbacks) };
  const later = listLater(family, of.commit, { isKeeper: false }).toSorted((a, b) =>
    a.record.createdAt < b.record.createdAt ? 1 : -1,
  );
  const toDir = ({ record }: Descendant): string => store.commitDir(record.commit);
  return {
    ...readDone(family, of),
    later: later.map(toDir),
    keepers: later.filter(({ isKeeper }) => isKeeper).map(toDir),
  };
}

interface Family {
  readonly store: Store;
  readonly childrenOf: (commit: CommitId) => readonly CommitRecord[];
}

function isDone(state: CommitRecord["state"]): boolean {
  return state === "sealed" || state === "partly-rolled-back" || state === "rolled-back";
}

function toChildren(
  rollbacks: readonly CommitRecord[],
): (commit: CommitId) => readonly CommitRecord[] {
  const children = new Map<CommitId, CommitRecord[]>();
  for (const record of rollbacks) {
    if (record.undoes === undefined) continue;
    children.set(record.undoes, [...(children.get(record.undoes) ?? []), record]);
  }
  return (commit) => children.get(commit) ?? [];
}

interface Descendant {
  readonly record: CommitRecord;
  readonly isKeeper: boolean;
}

/** A rollback of a rollback has what the commit had kept, and so has every second one after it. */
function listLater(
  family: Family,
  commit: CommitId,
  at: { readonly isKeeper: boolean },
): readonly Descendant[] {
  return family
    .childrenOf(commit)
    .flatMap((record) => [
      { record, ...at },
      ...listLater(family, record.commit, { isKeeper: !at.isKeeper }),
    ]);
}

/** What of `of` is taken back: all that its rollbacks are about, without what their own rollbacks brought again. */
function readDone(family: Family, of: CommitRecord): Pick<Lineage, "done" | "state"> {
  const inForce = family.childrenOf(of.commit).filter(({ state }) => state !== "rolled-back");
  if (inForce.length === 0) return { done: new Set(), state: "sealed" };
  const places = readApplied(family.store.commitDir(of.commit));
  const done = new Set<string>();
  for (const rollback of inForce) {
    const undone = readDone(family, rollback).done;
    const own = new Set(readApplied(family.store.commitDir(rollback.commit)).map(toKey));
    for (const place of places) {
      const key = toKey(place);
      if (!undone.has(key) && (own.has(key) || isCovered(place, rollback.paths))) done.add(key);
    }
  }
  if (done.size === 0) return { done, state: "sealed" };
  return { done, state: done.size === places.length ? "rolled-back" : "partly-rolled-back" };
}

function toKey({ workspace, path }: { readonly workspace: number; readonly path: string }): string {
  return `${workspace}/${path}`;
}
