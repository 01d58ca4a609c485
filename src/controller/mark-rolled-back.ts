import type { CommitRecord } from "../core/session.js";
import type { Controller } from "./controller.js";

/** `of` is undone. Of a rollback that is undone, the commit it had undone is in force again. */
export async function markRolledBack(controller: Controller, of: CommitRecord): Promise<void> {
  const { store } = controller;
  store.updateCommit({ ...of, state: "rolled-back" });
  if (of.undoes !== undefined)
    store.updateCommit({ ...(await store.readCommit(of.undoes)), state: "sealed" });
}
