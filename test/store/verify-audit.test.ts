import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { appendAudit } from "../../src/store/audit/append-audit.js";
import { type AuditVerification, verifyAudit } from "../../src/store/audit/verify-audit.js";
import { openTempDir } from "../support/temp-tree.js";

/** Bytes after which the log goes on in another file: three records. */
const ROTATE = 400;

interface Log extends Disposable {
  readonly home: string;
  at(name?: string): string;
  append(...events: readonly string[]): void;
  verify(): AuditVerification;
  /** Lines of a file, changed. */
  edit(change: (lines: string[]) => readonly string[], name?: string): void;
}

function openLog(rotateBytes?: number): Log {
  const dir = openTempDir();
  const at = (name = "log.jsonl"): string => path.join(dir.path, "audit", name);
  return {
    home: dir.path,
    at,
    append: (...events) => {
      for (const event of events)
        appendAudit(dir.path, { event }, rotateBytes === undefined ? {} : { rotateBytes });
    },
    verify: () => verifyAudit(dir.path, () => {}),
    edit: (change, name) => {
      const lines = readFileSync(at(name), "utf8").split("\n").slice(0, -1);
      writeFileSync(
        at(name),
        change(lines)
          .map((line) => `${line}\n`)
          .join(""),
      );
    },
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

const FIVE = ["a.one", "a.two", "a.three", "a.four", "a.five"];

function whyOf(log: Log): string {
  return log.verify().problem?.why ?? "nothing is wrong";
}

test("a log that nobody touched is right to its end", () => {
  using log = openLog();
  assert.deepEqual(log.verify(), { records: 0, files: 0, unnumbered: 0, torn: 0, unsigned: 0 });
  log.append(...FIVE);
  appendAudit(log.home, { event: "a.six" }, { durable: false });
  const { signed, ...found } = log.verify();
  assert.deepEqual(found, { records: 6, files: 1, unnumbered: 0, torn: 0, unsigned: 1 });
  assert.equal(signed?.seq, 5);
});

for (const [what, change, why] of [
  ["an edit", (lines) => lines.map((line) => line.replace("a.two", "a.TWO")), /edited/],
  ["an edit of the last", (lines) => lines.map((line) => line.replace("five", "six")), /signed/],
  ["a line cut out", (lines) => lines.filter((line) => !line.includes("a.two")), /cut out/],
  ["a reorder", ([a = "", b = "", c = "", ...rest]) => [a, c, b, ...rest], /moved/],
  ["a cut at the end", (lines) => lines.slice(0, -1), /cut off after record 4/],
  ["a cut of everything", () => [], /cut off after record 0/],
  ["a line put in", ([a = "", ...rest]) => [a, a, ...rest], /moved/],
] as const satisfies readonly (readonly [string, (lines: string[]) => readonly string[], RegExp])[])
  test(`${what} is found`, () => {
    using log = openLog();
    log.append(...FIVE);
    log.edit(change);
    assert.match(whyOf(log), why);
  });

test("an edit with a chain made anew is found by the signature", () => {
  using log = openLog();
  log.append(...FIVE);
  const lines = readFileSync(log.at(), "utf8").split("\n").slice(0, -1);
  rmSync(log.at());
  const head = readFileSync(log.at("head.json"));
  for (const line of lines) log.append(JSON.parse(line).event.replace("a.two", "a.none"));
  writeFileSync(log.at("head.json"), head);
  assert.match(whyOf(log), /not the record that was signed|it says so/);
});

test("a head that is missing, made up or of another key is found", () => {
  using log = openLog();
  log.append(...FIVE);
  const head = readFileSync(log.at("head.json"), "utf8");
  rmSync(log.at("head.json"));
  assert.match(whyOf(log), /head of the log is missing/);
  writeFileSync(log.at("head.json"), head.replace('"seq":5', '"seq":4'));
  assert.match(whyOf(log), /not signed with this host's key/);
  writeFileSync(log.at("head.json"), "{}");
  assert.match(whyOf(log), /is no head/);
  writeFileSync(log.at("head.json"), head);
  const key = readFileSync(log.at("key"));
  rmSync(log.at("key"));
  assert.match(whyOf(log), /key that signed the head of the log is missing/);
  using other = openLog();
  other.append("a.one");
  writeFileSync(log.at("key"), readFileSync(other.at("key")));
  assert.match(whyOf(log), /not signed with this host's key/);
  writeFileSync(log.at("key"), "no key");
  assert.throws(() => log.verify(), {
    code: "damaged",
    message: /key is not the key of an audit log/,
  });
  assert.throws(() => log.append("a.six"), { code: "damaged" });
  log.edit((lines) => lines.slice(0, 5));
  writeFileSync(log.at("key"), key);
  assert.equal(whyOf(log), "nothing is wrong", "control");
});

test("a writer does not sign over a cut: it says what was signed before", () => {
  using log = openLog();
  log.append(...FIVE);
  log.edit((lines) => lines.slice(0, 2));
  log.append("b.later", "b.last");
  assert.match(whyOf(log), /^its number is|it says so: record 5, which was signed/);
  assert.match(readFileSync(log.at(), "utf8"), /"audit.broken".*"head":5/);
  rmSync(log.at("head.json"));
  log.append("b.end");
  assert.match(readFileSync(log.at(), "utf8"), /head of the log is missing/);
});

test("the chain goes on over files that were full, and one that is missing is found", () => {
  using log = openLog(ROTATE);
  log.append(...FIVE, ...FIVE);
  const names = readdirSync(path.join(log.home, "audit")).filter((name) => name.startsWith("log"));
  assert.ok(names.length >= 3, names.join());
  const found = log.verify();
  assert.equal(found.problem, undefined);
  assert.deepEqual([found.records, found.files], [10, names.length]);
  for (const name of names) {
    renameSync(log.at(name), log.at("kept"));
    assert.match(whyOf(log), /missing|cut out|cut off/, name);
    renameSync(log.at("kept"), log.at(name));
  }
  log.edit((lines) => lines.slice(0, -1), "log-000001.jsonl");
  assert.match(whyOf(log), /cut out/);
});

test("a writer that was killed as it put a file aside leaves a log that goes on", () => {
  using log = openLog(ROTATE);
  log.append("a.one", "a.two", "a.three");
  renameSync(log.at(), log.at("log-000001.jsonl"));
  assert.equal(whyOf(log), "nothing is wrong");
  log.append("a.four");
  assert.equal(whyOf(log), "nothing is wrong");
  assert.equal(log.verify().records, 4);
  assert.ok(existsSync(log.at()));
});

test("a torn line is no tampering, unless records that were signed are gone with it", () => {
  using log = openLog();
  log.append("a.one", "a.two");
  appendFileSync(log.at(), '{"seq":3,"at":"2026');
  assert.deepEqual([whyOf(log), log.verify().torn], ["nothing is wrong", 1]);
  log.append("a.three");
  appendFileSync(log.at(), '{"seq":4,"at":"2026');
  const after = log.verify();
  assert.deepEqual([after.problem, after.torn, after.records], [undefined, 2, 3]);
  const text = readFileSync(log.at(), "utf8");
  writeFileSync(log.at(), text.slice(0, text.indexOf("a.three")));
  assert.match(whyOf(log), /cut off after record 2/);
});

test("a log of before there were numbers and heads stays right, and is signed from then on", () => {
  using log = openLog();
  mkdirSync(path.join(log.home, "audit"));
  log.append("a.one");
  // As an earlier version wrote it.
  log.edit((lines) => lines.map((line) => line.replace('"seq":1,', "")));
  for (const name of ["head.json", "key"]) rmSync(log.at(name));
  const old = log.verify();
  assert.deepEqual([old.problem, old.records, old.unnumbered, old.unsigned], [undefined, 1, 1, 1]);
  log.append("a.two");
  const now = log.verify();
  assert.deepEqual([now.problem, now.records, now.unnumbered, now.unsigned], [undefined, 2, 1, 0]);
  log.edit((lines) => lines.map((line) => line.replace("a.one", "a.none")));
  assert.match(whyOf(log), /edited/);
});

test("a log of commits without head and key was signed; one in which nothing had to be was not", () => {
  for (const event of ["commit.sealed", "commit.asked"]) {
    using log = openLog();
    log.append("a.one", event, "a.three");
    assert.equal(whyOf(log), "nothing is wrong", "control");
    for (const name of ["head.json", "key"]) rmSync(log.at(name));
    log.edit((lines) => lines.slice(0, -1));
    // The last one a killed writer may not have signed.
    assert.equal(whyOf(log), "nothing is wrong");
  }
  using log = openLog();
  log.append("a.one", "commit.sealed", "a.three");
  for (const name of ["head.json", "key"]) rmSync(log.at(name));
  assert.match(whyOf(log), /such a log was signed/);
});
