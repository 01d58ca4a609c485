import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../core/error.js";
import type { SessionRecord } from "../core/session.js";
import type { Controller } from "./controller.js";
import { readSessionProfile } from "./session-profile.js";

const WAIT_MS = 10_000;
const LOOK_MS = 20;

/**
 * Holds what commits spend of budgets over time, of all sessions of this user, from the last count until the commit is on record: of two commits to
 * different workspaces the second counts the first. Nothing for a session without such a budget. Throws `busy` where somebody holds it for
 * longer than any commit does.
 */
export async function lockSpending(
  controller: Pick<Controller, "host" | "stateHome">,
  record: Pick<SessionRecord, "profile">,
): Promise<Disposable | undefined> {
  const { delete: deletes, overwrite } = readSessionProfile(record)?.budgets ?? {};
  if (![deletes, overwrite].some((budget) => budget !== undefined && budget.per !== "run"))
    return undefined;
  const { host, stateHome } = controller;
  const directory = path.join(stateHome, "spending");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const native = await host.native();
  for (let waited = 0; waited <= WAIT_MS; waited += LOOK_MS) {
    const lock = host.tryLockDirectory(native, directory);
    if (lock !== undefined) return lock;
    await delay(LOOK_MS);
  }
  throw new SandboxError("busy", "another commit is at its count of what is destroyed", {
    hint: "nothing was written; commit again",
  });
}
