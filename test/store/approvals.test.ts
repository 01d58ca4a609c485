import assert from "node:assert/strict";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { ApprovalDraft, Reviewer } from "../../src/core/approval.js";
import { isSandboxError } from "../../src/core/error.js";
import { parseSessionId, toDigest } from "../../src/core/ids.js";
import { sha256Hex } from "../../src/host/sha256.js";
import { openLedger } from "../../src/store/ledger/open-ledger.js";
import { openTempDir } from "../support/temp-tree.js";
import { findBreaks } from "./find-breaks.js";

const SESSION = parseSessionId("s-abcdefghij");
const ANN: Reviewer = { kind: "user", uid: 1000, name: "ann" };
const BOB: Reviewer = { kind: "token", name: "bob" };
const START = Date.parse("2030-01-01T00:00:00Z");

function toQuestion(text: string, more: Partial<ApprovalDraft> = {}): ApprovalDraft {
  return {
    kind: "commit",
    ...(SESSION === undefined ? {} : { session: SESSION }),
    digest: toDigest(sha256Hex(text)),
    subject: `commit ${text}`,
    preview: `add ${text}`,
    require: 1,
    expiresAt: new Date(START + 60_000).toISOString(),
    ...more,
  };
}

/** A ledger in an empty state directory, whose clock the test moves. */
function openCase() {
  const dir = openTempDir();
  const clock = { now: START };
  const ledger = openLedger(dir.path, { now: () => clock.now });
  return {
    ...{ home: dir.path, clock, ledger, approvals: ledger.approvals },
    audit: () => readFileSync(path.join(dir.path, "audit/log.jsonl"), "utf8").trim().split("\n"),
    [Symbol.dispose]: () => {
      ledger[Symbol.dispose]();
      dir[Symbol.dispose]();
    },
  };
}

function code(of: string): (error: unknown) => boolean {
  return (error) => isSandboxError(error) && error.code === of;
}

test("a question is asked once, answered once, and all of it is in the audit log", () => {
  using at = openCase();
  const { approval, isNew } = at.approvals.ask(toQuestion("a"));
  assert.equal(isNew, true);
  assert.match(approval.approval, /^a-[a-z2-7]{10}$/);
  const again = at.approvals.ask(toQuestion("a"));
  assert.deepEqual([again.isNew, again.approval.approval], [false, approval.approval]);
  const { digest } = approval;
  const answer = { answer: "approved", by: ANN, note: "fine", digest } as const;
  assert.equal(at.approvals.answer(approval.approval, answer).state, "approved");
  assert.equal(at.approvals.answer(approval.approval, answer).answers.length, 1);
  assert.throws(
    () => at.approvals.answer(approval.approval, { ...answer, answer: "denied" }),
    code("usage"),
  );
  const read = at.approvals.read(approval.approval);
  assert.deepEqual(
    read.answers.map(({ by, note }) => ({ by, note })),
    [{ by: ANN, note: "fine" }],
  );
  assert.equal(at.approvals.use(approval.approval), true);
  assert.equal(at.approvals.use(approval.approval), false);
  const lines = at.audit();
  assert.deepEqual(findBreaks(lines), []);
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).event),
    ["approval.asked", "approval.answered", "approval.used"],
  );
});

test("an answer to something else than what is asked is refused, and so is one too late", () => {
  using at = openCase();
  const { approval } = at.approvals.ask(toQuestion("a"));
  const { digest } = approval;
  const other = toDigest(sha256Hex("b"));
  assert.throws(
    () => at.approvals.answer(approval.approval, { answer: "approved", by: ANN, digest: other }),
    code("changed-since-review"),
  );
  assert.equal(at.approvals.read(approval.approval).state, "waiting");
  at.clock.now += 60_000;
  assert.throws(
    () => at.approvals.answer(approval.approval, { answer: "approved", by: ANN, digest }),
    code("denied"),
  );
  assert.equal(at.approvals.read(approval.approval).state, "expired");
  assert.equal(at.approvals.use(approval.approval), false);
  const wordy = { subject: `run ${"x".repeat(9000)}`, preview: "whole" };
  const later = { ...toQuestion("a", wordy), expiresAt: new Date(at.clock.now + 1).toISOString() };
  const asked = at.approvals.ask(later);
  assert.equal(asked.isNew, true);
  assert.match(asked.approval.subject, /^run x{495}…$/);
  const bad = parseIdOfNone();
  assert.throws(() => at.approvals.read(bad), code("not-found"));
  assert.throws(() => at.approvals.ask(toQuestion("c")), code("usage"));
});

test("an answer holds no longer than its question: not used in time, it is asked anew", () => {
  using at = openCase();
  for (const answer of ["approved", "denied"] as const) {
    const question = toQuestion(answer, {
      expiresAt: new Date(at.clock.now + 60_000).toISOString(),
    });
    const { approval, digest } = at.approvals.ask(question).approval;
    at.approvals.answer(approval, { answer, by: ANN, digest });
    at.clock.now += 59_999;
    assert.equal(at.approvals.find(question)?.state, answer, "control");
    at.clock.now += 1;
    assert.equal(at.approvals.find(question), undefined);
    assert.equal(at.approvals.use(approval), false);
    assert.equal(at.approvals.read(approval).state, answer, "what was said stays on record");
  }
});

function parseIdOfNone(): Parameters<ReturnType<typeof openCase>["approvals"]["read"]>[0] {
  return "a-aaaaaaaaaa" as ReturnType<typeof parseIdOfNone>;
}

test("two reviewers must be two people; one denial denies", () => {
  using at = openCase();
  const { approval } = at.approvals.ask(toQuestion("a", { require: 2 }));
  const { approval: id, digest } = approval;
  const approve = (by: Reviewer) =>
    at.approvals.answer(id, { answer: "approved", by, digest }).state;
  assert.equal(approve(ANN), "waiting");
  assert.equal(approve({ ...ANN, name: "ann again" }), "waiting");
  assert.equal(approve(BOB), "approved");
  const second = at.approvals.ask(toQuestion("b", { require: 2 })).approval;
  const say = (by: Reviewer, answer: "approved" | "denied") =>
    at.approvals.answer(second.approval, { answer, by, digest: second.digest }).state;
  assert.equal(say(ANN, "approved"), "waiting");
  assert.equal(say(BOB, "denied"), "denied");
  assert.equal(at.approvals.use(second.approval), false);
});

test("a flood of questions is folded into one, whose approvals lapse when it grows", () => {
  using at = openCase();
  const ids = Array.from({ length: 30 }, (_, index) => at.approvals.ask(toQuestion(`${index}`)));
  assert.equal(at.approvals.list({ state: "waiting" }).length, 21);
  const folded = ids[29]?.approval;
  assert.equal(folded?.count, 10);
  assert.match(folded?.preview ?? "", /add 20\n[\s\S]*add 29\n/);
  assert.equal(ids[20]?.isNew, true);
  assert.equal(ids[21]?.isNew, false);
  // Found by each question it stands for, also when one of them is asked again.
  const one = toQuestion("25");
  assert.equal(at.approvals.ask(one).approval.count, 10);
  assert.equal(at.approvals.find(one)?.approval, folded?.approval);
  const seen = ids[28]?.approval;
  assert.ok(seen !== undefined && folded !== undefined);
  assert.throws(
    () =>
      at.approvals.answer(folded.approval, { answer: "approved", by: ANN, digest: seen.digest }),
    code("changed-since-review"),
  );
  const { digest } = folded;
  at.approvals.answer(folded.approval, { answer: "approved", by: ANN, digest });
  assert.equal(at.approvals.find(one)?.state, "approved");
  // Another session has its own share.
  const other = parseSessionId("s-bbbbbbbbbb");
  assert.ok(other !== undefined);
  assert.equal(at.approvals.ask(toQuestion("x", { session: other })).isNew, true);
});

test("a flood does not fold questions of one group into those of another", () => {
  using at = openCase();
  const ask = (text: string, group: string) =>
    at.approvals.ask(toQuestion(text, { group })).approval;
  for (let index = 0; index < 21; index++) ask(`${index}`, "commit");
  const plain = ask("plain", "commit");
  const later = ask("hook", "runs-later");
  assert.deepEqual([plain.group, plain.count], ["commit", 2]);
  assert.deepEqual([later.group, later.count], ["runs-later", 1]);
  assert.doesNotMatch(at.approvals.read(plain.approval).preview, /hook/);
  const { approval, digest } = at.approvals.read(plain.approval);
  at.approvals.answer(approval, { answer: "approved", by: ANN, digest });
  assert.equal(at.approvals.find(toQuestion("plain"))?.state, "approved");
  assert.equal(at.approvals.find(toQuestion("hook"))?.state, "waiting");
});

test("who waits is woken by an answer, by the end of its time, or by the signal", async () => {
  using at = openCase();
  const { approval } = at.approvals.ask(toQuestion("a"));
  const { digest } = approval;
  const never = new AbortController();
  const waiting = at.approvals.waitFor(approval.approval, never.signal);
  using other = openLedger(at.home, { now: () => at.clock.now });
  other.approvals.answer(approval.approval, { answer: "denied", by: BOB, digest });
  assert.equal((await waiting).state, "denied");
  const second = at.approvals.ask(toQuestion("b")).approval.approval;
  const expiring = at.approvals.waitFor(second, never.signal);
  at.clock.now += 60_000;
  assert.equal((await expiring).state, "expired");
  at.clock.now = START;
  const third = at.approvals.ask(toQuestion("c")).approval.approval;
  const aborted = at.approvals.waitFor(third, never.signal);
  never.abort(new Error("enough"));
  await assert.rejects(aborted, /enough/);
});

test("the ledger is private, and what is no ledger is reported and kept", () => {
  using at = openCase();
  at.approvals.ask(toQuestion("a"));
  for (const name of ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.bell"])
    assert.equal(statSync(path.join(at.home, name)).mode & 0o777, 0o600, name);
  using dir = openTempDir();
  const file = path.join(dir.path, "ledger.db");
  writeFileSync(file, "this is no database, but somebody's notes\n".repeat(100));
  assert.throws(() => openLedger(dir.path), code("damaged"));
  assert.match(readFileSync(file, "utf8"), /^this is no database/);
  using open = openTempDir();
  chmodSync(open.path, 0o777);
  assert.throws(() => openLedger(open.path), code("usage"));
});

test("a ledger of a newer version is left alone", async () => {
  using at = openCase();
  const { default: Database } = await import("libsql");
  const database = new Database(path.join(at.home, "ledger.db"));
  database.exec("PRAGMA user_version=999");
  database.close();
  assert.throws(() => openLedger(at.home), code("damaged"));
});
