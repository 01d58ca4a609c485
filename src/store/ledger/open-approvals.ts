import type { Approval, ApprovalDraft, ApprovalKind, ApprovalState } from "../../core/approval.js";
import { SandboxError } from "../../core/error.js";
import { type ApprovalId, type Digest, type SessionId, toApprovalId } from "../../core/ids.js";
import { randomBytes } from "../../host/random-bytes.js";
import { answerApproval, isAnyOver, settleExpired } from "./answer-approval.js";
import { toApproval } from "./approval-row.js";
import type { AnswerDraft, ApprovalsBase } from "./approvals-base.js";
import { asksTooMuch, foldQuestion } from "./fold-question.js";
import { firstRow } from "./open-database.js";

/** Questions to people, and their answers. Every function looks at the clock first: what is over its time is `expired`. */
export interface Approvals {
  /**
   * Asks. The same question (session, kind, digest) that still waits is not asked twice: `isNew` is false then. A session with many
   * waiting questions gets the rest folded into one. Throws `denied` where even that one is full.
   */
  ask(draft: ApprovalDraft): { readonly approval: Approval; readonly isNew: boolean };
  /** Throws `not-found`. */
  read(id: ApprovalId): Approval;
  /** Oldest first. */
  list(wanted?: {
    readonly state?: ApprovalState;
    readonly session?: SessionId;
  }): readonly Approval[];
  /** The newest that was asked about exactly this and is neither used up nor over its time, whatever was answered; on its own or folded. */
  find(asked: {
    readonly kind: ApprovalKind;
    readonly session?: SessionId;
    readonly digest: Digest;
  }): Approval | undefined;
  /**
   * Throws `changed-since-review` where the reviewer saw something else, `denied` where it has expired, `usage` where it was settled
   * otherwise already, `not-found`. The same answer again is no error and counts once.
   */
  answer(id: ApprovalId, answer: AnswerDraft): Approval;
  /** Marks an approval as used; false where it is not `approved`, was used before or is over its time. It is for one use, whoever comes first. */
  use(id: ApprovalId): boolean;
  /** What still waits about a session is over: there is nothing left that it could be about. */
  withdraw(session: SessionId): void;
  /** The same of one question; one that no longer waits stays as it is. */
  withdrawOne(id: ApprovalId): void;
  /** Resolves when it no longer waits. Rejects with the signal's reason. Sleeps in between. */
  waitFor(id: ApprovalId, signal: AbortSignal): Promise<Approval>;
}

/** A ring of the bell that got lost costs no more than this. */
const POLL_MS = 1000;
const MOST_PREVIEW = 8 << 20;
const MOST_SUBJECT = 500;

/** The approvals of a ledger. */
export function openApprovals(base: ApprovalsBase): Approvals {
  const { bell, write } = base;
  /** In a transaction of its own: what throws afterwards does not undo it. */
  const settle = (): void => {
    if (!isAnyOver(base)) return;
    write(() => settleExpired(base));
    bell.ring();
  };
  const change = <T>(work: () => T): T => {
    settle();
    const result = write(work);
    bell.ring();
    return result;
  };
  const read = (id: ApprovalId): Approval => {
    settle();
    return readApproval(base, id);
  };
  return {
    ask: (draft) => {
      const checked = checkDraft(draft, base.now());
      return change(() => askOnce(base, checked));
    },
    read,
    list: (wanted = {}) => {
      settle();
      return listApprovals(base, wanted);
    },
    find: (asked) => {
      settle();
      const known = findIn(base, "AND used_at IS NULL", { ...asked, session: asked.session ?? "" });
      return known === undefined || isOver(base, known) ? undefined : known;
    },
    answer: (id, answer) => change(() => answerApproval(base, readApproval(base, id), answer)),
    use: (id) => change(() => useApproval(base, id)),
    withdraw: (session) => {
      const sql = "UPDATE approvals SET expires_at = ? WHERE session = ? AND state = 'waiting'";
      change(() => base.database.prepare(sql).run(new Date(base.now()).toISOString(), session));
      settle();
    },
    withdrawOne: (id) => {
      const sql = "UPDATE approvals SET expires_at = ? WHERE id = ? AND state = 'waiting'";
      change(() => base.database.prepare(sql).run(new Date(base.now()).toISOString(), id));
      settle();
    },
    waitFor: async (id, signal) => {
      using listener = bell.listen();
      for (;;) {
        signal.throwIfAborted();
        const approval = read(id);
        if (approval.state !== "waiting") return approval;
        await listener.wait(POLL_MS, signal);
      }
    },
  };
}

/** Throws `usage` for what cannot be asked; its time in the form that sorts. */
function checkDraft(draft: ApprovalDraft, now: number): ApprovalDraft {
  const refuse = (isWrong: boolean, why: string): void => {
    if (isWrong) throw new SandboxError("usage", `a question to a person ${why}`);
  };
  refuse(/[\r\n]/.test(draft.subject), "has a subject of one line");
  refuse(draft.preview.length > MOST_PREVIEW, "has a preview that is too long to look at");
  refuse(!Number.isInteger(draft.require) || draft.require < 1, "needs a reviewer");
  refuse(!(Date.parse(draft.expiresAt) > now), "expires after it was asked");
  // What is bound is in the preview: the subject only says what it is about.
  const { subject: whole } = draft;
  const subject = whole.length > MOST_SUBJECT ? `${whole.slice(0, MOST_SUBJECT - 1)}…` : whole;
  return { ...draft, subject, expiresAt: new Date(draft.expiresAt).toISOString() };
}

function askOnce(
  base: ApprovalsBase,
  draft: ApprovalDraft,
): { readonly approval: Approval; readonly isNew: boolean } {
  const { database, file } = base;
  const session = draft.session ?? "";
  const known = findIn(base, "AND state = 'waiting'", { ...draft, session });
  if (known !== undefined) return { approval: known, isNew: false };
  const create = (asked: ApprovalDraft): ApprovalId => insertApproval(base, asked);
  const id = asksTooMuch(database, session)
    ? foldQuestion(database, draft, { file, create })
    : create(draft);
  const approval = readApproval(base, id);
  base.audit({
    event: "approval.asked",
    ...(draft.session === undefined ? {} : { session: draft.session }),
    digest: approval.digest,
    data: {
      approval: id,
      kind: draft.kind,
      subject: draft.subject,
      require: approval.require,
      expiresAt: approval.expiresAt,
      count: approval.count,
    },
  });
  return { approval, isNew: approval.count === 1 };
}

function insertApproval({ database, now }: ApprovalsBase, draft: ApprovalDraft): ApprovalId {
  const id = toApprovalId(randomBytes(10));
  database
    .prepare(
      "INSERT INTO approvals (id, kind, session, digest, subject, preview, needed, expires_at, batch, state, asked_at, count)" +
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, 1)",
    )
    .run(
      id,
      draft.kind,
      draft.session ?? "",
      draft.digest,
      draft.subject,
      draft.preview,
      draft.require,
      draft.expiresAt,
      draft.group ?? "",
      new Date(now()).toISOString(),
    );
  return id;
}

function readApproval(base: ApprovalsBase, id: ApprovalId): Approval {
  const row = firstRow(base.database, "SELECT * FROM approvals WHERE id = ?", [id]);
  if (row !== undefined) return withAnswers(base, row);
  throw new SandboxError("not-found", `no approval ${id}`, {
    hint: "sandbox approvals lists them",
  });
}

function withAnswers({ database, file }: ApprovalsBase, row: unknown): Approval {
  const { approval } = toApproval(row, [], file);
  const sql = "SELECT * FROM answers WHERE approval = ? ORDER BY at";
  return toApproval(row, database.prepare(sql).all(approval), file);
}

function listApprovals(
  base: ApprovalsBase,
  wanted: { readonly state?: ApprovalState; readonly session?: SessionId },
): readonly Approval[] {
  const { state = null, session = null } = wanted;
  const sql =
    "SELECT * FROM approvals WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR session = ?2) ORDER BY asked_at, rowid";
  return base.database
    .prepare(sql)
    .all(state, session)
    .map((row) => withAnswers(base, row));
}

function findIn(
  base: ApprovalsBase,
  more: string,
  asked: { readonly kind: ApprovalKind; readonly session: string; readonly digest: Digest },
): Approval | undefined {
  const sql =
    "SELECT * FROM approvals WHERE session = ?1 AND kind = ?2 AND (digest = ?3 OR id IN" +
    ` (SELECT approval FROM folded WHERE kind = ?2 AND digest = ?3)) ${more} ORDER BY asked_at DESC, rowid DESC LIMIT 1`;
  const row = firstRow(base.database, sql, [asked.session, asked.kind, asked.digest]);
  return row === undefined ? undefined : withAnswers(base, row);
}

/** An answer holds no longer than the question would have waited. */
function isOver({ now }: ApprovalsBase, { expiresAt }: Approval): boolean {
  return Date.parse(expiresAt) <= now();
}

function useApproval(base: ApprovalsBase, id: ApprovalId): boolean {
  const approval = readApproval(base, id);
  const { state, usedAt, digest, session } = approval;
  if (state !== "approved" || usedAt !== undefined || isOver(base, approval)) return false;
  base.audit({
    event: "approval.used",
    ...(session === undefined ? {} : { session }),
    digest,
    data: { approval: id },
  });
  base.database
    .prepare("UPDATE approvals SET used_at = ? WHERE id = ?")
    .run(new Date(base.now()).toISOString(), id);
  return true;
}
