import { hasErrno, SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import type { Controller, Native } from "./controller.js";

/**
 * Locks workspaces against other commits, rollbacks and recoveries: flock(2) on the directories
 * themselves, in one order, so that two commits cannot wait for each other and nothing is left lying
 * about. Throws `busy` naming the workspace.
 */
export async function lockWorkspaces(
  controller: Controller,
  workspaces: readonly string[],
): Promise<AsyncDisposable> {
  const native = await controller.host.native();
  const held: Disposable[] = [];
  const release = (): void => {
    for (const lock of held.toReversed()) lock[Symbol.dispose]();
  };
  for (const workspace of [...workspaces].sort()) {
    const lock = await waitForLock(() => lockOne(controller, native, workspace)).catch(
      (error: unknown) => {
        release();
        throw error;
      },
    );
    if (lock !== undefined) {
      held.push(lock);
      continue;
    }
    release();
    throw new SandboxError("busy", `${workspace} is being committed to by another process`, {
      hint: "wait for it, then try again",
    });
  }
  return { [Symbol.asyncDispose]: async () => release() };
}

function lockOne(
  controller: Controller,
  native: Native,
  workspace: string,
): Disposable | undefined {
  try {
    return controller.host.tryLockDirectory(native, workspace);
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
    throw new SandboxError("conflict", `${workspace} is no longer the directory it was`, {
      hint: "put it back where it was; the session is kept",
      cause: error,
    });
  }
}

const LOCK_WAIT_MS = 10_000;
const LOCK_POLL_MS = 20;

/** Commits are short: waits a little for one that is under way. */
async function waitForLock(attempt: () => Disposable | undefined): Promise<Disposable | undefined> {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const lock = attempt();
    if (lock !== undefined || Date.now() >= deadline) return lock;
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}

/** Locks a session against other commands that change it. Throws `busy`. */
export async function lockSession(
  controller: Controller,
  session: SessionId,
): Promise<AsyncDisposable> {
  const native = await controller.host.native();
  const directory = controller.store.sessionDir(session);
  const lock = await waitForLock(() => controller.host.tryLockDirectory(native, directory));
  if (lock === undefined)
    throw new SandboxError("busy", `session ${session} is being worked on by another process`, {
      hint: `wait for it, then try again; a task that runs is ended by sandbox stop ${session}`,
    });
  return { [Symbol.asyncDispose]: async () => lock[Symbol.dispose]() };
}

/** The locks of a commit: the session's, then its workspaces'. Throws `busy`. */
export async function lockCommit(
  controller: Controller,
  record: Pick<SessionRecord, "session" | "workspaces">,
): Promise<AsyncDisposable> {
  const session = await lockSession(controller, record.session);
  try {
    const workspaces = await lockWorkspaces(controller, record.workspaces);
    return {
      [Symbol.asyncDispose]: async () => {
        await workspaces[Symbol.asyncDispose]();
        await session[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}
