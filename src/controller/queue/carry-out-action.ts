import { Writable } from "node:stream";
import path from "node:path";
import type { ActionRequest, ActionResult } from "../../core/action.js";
import { assertNever } from "../../core/assert-never.js";
import { isSandboxError } from "../../core/error.js";
import { EXIT_CODES } from "../../core/exit-code.js";
import type { SessionId } from "../../core/ids.js";
import { toExit } from "../../core/to-exit.js";
import type { CommitReport } from "../carry-out-commit.js";
import { commitByPolicy } from "../commit-by-policy.js";
import type { CommitRequest } from "../commit-request.js";
import type { Controller } from "../controller.js";
import { discardSession } from "../discard-session.js";
import { execTask } from "../exec-task.js";
import { resolvePath } from "../expand-paths.js";
import type { RunResult } from "../finish-run.js";
import { openCommit } from "../open-commit.js";
import { rollbackCommit } from "../rollback-commit.js";
import { runTask } from "../run-task.js";
import type { TaskIo } from "../supervise-task.js";

/** What goes with an action while it is carried out. */
export interface ActionWatch {
  /** Who asked for it: kept with the session that it begins. */
  readonly submitter: string;
  /** Ends a task; what only touches files is short and goes to its end. */
  readonly signal: AbortSignal;
  /** Told once there is one. If it throws, nothing is run. */
  readonly onSession: (session: SessionId) => void;
}

/** Carries one action out, as its command would without a terminal. Never throws: what went wrong is in the result. */
export async function carryOutAction(
  controller: Controller,
  request: ActionRequest,
  watch: ActionWatch,
): Promise<ActionResult> {
  try {
    return await carryOut(toOwnController(controller, request, watch), request, watch);
  } catch (error) {
    return toFailure(error);
  }
}

/** An error as a result. */
function toFailure(error: unknown): ActionResult {
  const message = error instanceof Error ? error.message : String(error);
  if (!isSandboxError(error))
    return { exit: EXIT_CODES.unexpected, error: { code: "unexpected", message } };
  const { code, hint } = error;
  return {
    exit: EXIT_CODES[code],
    error: { code, message, ...(hint === undefined ? {} : { hint }) },
  };
}

/** As if it had been started where it was asked for. */
function toOwnController(
  controller: Controller,
  request: ActionRequest,
  { submitter, onSession }: ActionWatch,
): Controller {
  const { store } = controller;
  const cwd = "cwd" in request ? request.cwd : controller.cwd;
  return {
    ...controller,
    cwd,
    invokerPath: "path" in request ? request.path : controller.invokerPath,
    resolvePath: (text) => resolvePath(path.resolve(cwd, text)),
    progress: () => undefined,
    store: {
      ...store,
      createSession: (draft) =>
        store.createSession({
          ...draft,
          make: (made) => {
            onSession(made.session);
            return { ...draft.make(made), submitter };
          },
        }),
    },
  };
}

async function carryOut(
  controller: Controller,
  request: ActionRequest,
  watch: ActionWatch,
): Promise<ActionResult> {
  switch (request.kind) {
    case "run": {
      const { kind: _, cwd: __, path: ___, commit, allow = [], ...asked } = request;
      const run = { engine: undefined, runtime: undefined, image: undefined, name: undefined };
      const limits = { timeout: undefined, memory: undefined, cpus: undefined, pids: undefined };
      const wanted = { ...run, ...limits, upper: undefined, ...asked, allow, terminal: false };
      const result = await runTask(controller, wanted, toTaskIo(watch.signal));
      return await finish(controller, result, watch.signal.aborted ? "never" : commit);
    }
    case "exec": {
      const { session, command, env, timeout } = request;
      const wanted = { session, command, env, timeout, terminal: false };
      return await finish(
        controller,
        await execTask(controller, wanted, toTaskIo(watch.signal)),
        "never",
      );
    }
    case "commit": {
      const { session, paths, reviewed, merge } = request;
      return toCommitResult(await commit(controller, { session, paths, reviewed, merge }));
    }
    case "rollback": {
      const asked = { commit: request.commit, paths: request.paths, dryRun: false };
      const { of, rollback, conflicts } = await rollbackCommit(controller, asked);
      return {
        exit: conflicts.length > 0 ? EXIT_CODES.conflict : 0,
        session: of.session,
        ...(rollback === undefined ? {} : { commit: rollback }),
      };
    }
    case "discard": {
      const { record } = await discardSession(controller, request.session);
      return { exit: 0, session: record.session };
    }
    default:
      return assertNever(request);
  }
}

/** A task that did not exit 0 gives its code and no commit; after a 0, where a commit was asked for, the commit's code. */
async function finish(
  controller: Controller,
  { record, changeset }: RunResult,
  when: "auto" | "never",
): Promise<ActionResult> {
  const { session, outcome } = record;
  if (outcome === undefined) throw new Error("a run that ended has an outcome");
  const exit = toExit(outcome);
  const wants = when === "auto" && exit === 0 && outcome.outcome === "exited";
  if (!wants || changeset.changes.length === 0) return { exit, session };
  try {
    return toCommitResult(await commit(controller, { session, paths: [] }));
  } catch (error) {
    return { ...toFailure(error), session };
  }
}

async function commit(controller: Controller, request: CommitRequest): Promise<CommitReport> {
  await using open = await openCommit(controller, { ...request, asks: false });
  return await commitByPolicy(controller, open);
}

function toCommitResult({ session, commit: id, conflicts }: CommitReport): ActionResult {
  return {
    exit: conflicts.length > 0 ? EXIT_CODES.conflict : 0,
    session,
    ...(id === undefined ? {} : { commit: id }),
  };
}

const SIGTERM = 15;

/** No input; what the task writes is kept in its session. */
function toTaskIo(signal: AbortSignal): TaskIo {
  const nowhere = (): Writable =>
    new Writable({ write: (_chunk, _encoding, done) => done(), highWaterMark: 1 << 16 });
  return {
    stdin: "none",
    stdout: nowhere(),
    stderr: nowhere(),
    terminalSize: undefined,
    watch: ({ signal: send }) => {
      // What does not end at it is killed by whoever supervises the task.
      const end = (): void => send(SIGTERM);
      if (signal.aborted) queueMicrotask(end);
      else signal.addEventListener("abort", end, { once: true });
      return () => signal.removeEventListener("abort", end);
    },
  };
}
