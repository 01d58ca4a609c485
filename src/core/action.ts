import type { ErrorCode } from "./exit-code.js";
import type { ActionId, CommitId, SessionId } from "./ids.js";

/** `interrupted`: the service was killed while it ran. It is not run again; what it left can be reviewed. */
export type ActionState = "queued" | "running" | "done" | "failed" | "cancelled" | "interrupted";

/** What is asked of the queue, as it was written. Texts are those of the command line's options. */
export type ActionRequest = RunAction | ExecAction | CommitAction | RollbackAction | DiscardAction;

/** As `sandbox run`; `cwd` is that of whoever asks, absolute. */
interface RunAction {
  readonly kind: "run";
  readonly cwd: string;
  /** The PATH on which its program is looked for. */
  readonly path: string;
  readonly command: readonly string[];
  readonly dirs: readonly string[];
  readonly env: readonly string[];
  readonly readOnly: readonly string[];
  readonly hide: readonly string[];
  readonly tools: readonly string[];
  readonly profile?: string | undefined;
  readonly engine?: string | undefined;
  readonly runtime?: string | undefined;
  readonly image?: string | undefined;
  readonly timeout?: string | undefined;
  readonly memory?: string | undefined;
  readonly cpus?: string | undefined;
  readonly pids?: string | undefined;
  readonly upper?: string | undefined;
  readonly name?: string | undefined;
  readonly network?: string | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly commit: "auto" | "never";
}

interface ExecAction {
  readonly kind: "exec";
  readonly cwd: string;
  readonly path: string;
  readonly session: SessionId;
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly timeout?: string | undefined;
}

interface CommitAction {
  readonly kind: "commit";
  readonly cwd: string;
  readonly session: SessionId;
  readonly paths: readonly string[];
  readonly reviewed: boolean;
  readonly merge: "no" | "clean";
}

interface RollbackAction {
  readonly kind: "rollback";
  readonly cwd: string;
  readonly commit: CommitId;
  readonly paths: readonly string[];
}

interface DiscardAction {
  readonly kind: "discard";
  readonly cwd: string;
  readonly session: SessionId;
}

/** How an action ended. */
export interface ActionResult {
  /** What the command itself would have exited with. */
  readonly exit: number;
  readonly session?: SessionId;
  readonly commit?: CommitId;
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string };
}

/** An action before it has an id. */
export interface ActionDraft {
  readonly request: ActionRequest;
  /** Whose turn it is: a `user:UID` or a `token:NAME`. */
  readonly submitter: string;
  /** -10 to 10; higher goes first. */
  readonly priority: number;
  /** What it writes to: of actions with one in common, the later waits until the earlier has ended. */
  readonly keys: readonly string[];
  /** ISO 8601, UTC. What has not ended by then is ended. */
  readonly deadline?: string;
}

/** One action in the ledger. */
export interface ActionRecord extends ActionDraft {
  readonly action: ActionId;
  readonly state: ActionState;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Known as soon as there is one: also of an action that was interrupted. */
  readonly session?: SessionId;
  readonly result?: ActionResult;
}
