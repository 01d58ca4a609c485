import assert from "node:assert/strict";
import { test } from "node:test";
import type { RelPath } from "../../src/core/path.js";
import type { Decision, Risk } from "../../src/core/risk.js";
import { findFindings } from "../../src/review/report/find-findings.js";
import { renderAnnotations } from "../../src/review/report/render-annotations.js";
import { renderCodeQuality } from "../../src/review/report/render-code-quality.js";
import { renderJunit } from "../../src/review/report/render-junit.js";
import { renderMarkdown } from "../../src/review/report/render-markdown.js";
import { renderSarif } from "../../src/review/report/render-sarif.js";
import type { JudgedChange, RunReport } from "../../src/review/report/run-report.js";
import { assertCodeQuality, assertJunit, assertSarif } from "../support/report-schemas.js";
import { change, next } from "./changes.js";

const ALLOW: Decision = { decision: "allow", rule: "changes:0", reason: "src/** is allowed" };
const ASK: Decision = { decision: "ask", rule: "builtin:default", reason: "every change asks" };
const DENY: Decision = { decision: "deny", rule: "changes:1", reason: "out of scope" };
const LATER: Risk = { id: "runs-later", level: "high", reason: "make runs it" };
const EXECUTABLE: Risk = { id: "newly-executable", level: "medium", reason: "it can be run" };
const DELETES: Risk = { id: "deletes", level: "low", reason: "it is deleted" };

function item(path: string, decision: Decision, ...risks: readonly Risk[]): JudgedChange {
  return { change: change(path, { after: next({ size: 1 }) }), risks, decision, ignored: false };
}

function report(items: readonly JudgedChange[], over: Partial<RunReport> = {}): RunReport {
  return {
    verdict: "denied",
    exit: 4,
    version: "0.0.0",
    command: ["make", "test"],
    startedAt: "2026-01-02T03:04:05.678Z",
    endedAt: "2026-01-02T03:04:06.678Z",
    task: {
      session: "s-abcdefghij",
      outcome: { outcome: "exited", code: 0 },
      durationMs: 1500,
      engine: "oci",
      asked: { pids: 4096, memoryBytes: 1 << 30, timeoutMs: 60_000 },
      limits: [{ limit: "pids", by: "rlimit", detail: "4096 <processes> & [threads]" }],
    },
    workspaces: ["/w/project"],
    items,
    notices: [],
    conflicts: [],
    refused: [],
    commit: { state: "refused" },
    problem: { code: "denied", message: "policy denies it", list: [], hint: "look" },
    ...over,
  };
}

/** Names that would be something else in one format or another. */
const HOSTILE = [
  "a|b`c`.md",
  "<img src=x onerror=alert(1)>",
  "</code></details><script>",
  "[click](https://evil.example)",
  "{0} [x](1) \\",
  "::error file=x::y",
  "  ::set-output name=session::s-forged0000",
  "##[set-output name=session]forged",
  "x\n::warning::y\r\n",
  "%0A::error::y",
  "@everyone #1 :smile: www.evil.example",
  "]]>&quot;<!--",
  "\u001b[31mred\u0007",
  "a\u202ecod.exe",
  "raw\udcff\udc80",
  "\ufffe\uffff",
  "a:b,c=d",
  "-rf",
  "_x_ *y* ~~z~~",
];

const ALL = report(
  HOSTILE.flatMap((name) => [
    item(`src/${name}`, DENY, LATER),
    item(`lib/${name}`, ASK, { ...EXECUTABLE, reason: name }),
    item(`doc/${name}`, ALLOW),
  ]),
  {
    command: ["sh", "-c", ...HOSTILE],
    conflicts: HOSTILE.map((name) => ({ workspace: 0, path: name as RelPath, reason: name })),
    problem: { code: "denied", message: HOSTILE.join(" "), list: HOSTILE, hint: HOSTILE.join() },
    diffstat: HOSTILE.map((name) => ` ${JSON.stringify(name)} | 1 +\n`).join(""),
  },
);

test("each format is valid by its own schema, whatever the names are", () => {
  assertJunit(renderJunit(ALL));
  assertSarif(renderSarif(ALL));
  assertCodeQuality(renderCodeQuality(ALL));
  const { task, ...nothingRan } = report([], { verdict: "not-run", exit: 125 });
  for (const one of [nothingRan, report([], { verdict: "passed", exit: 0 })]) {
    assertJunit(renderJunit(one));
    assertSarif(renderSarif(one));
    assertCodeQuality(renderCodeQuality(one));
  }
  assert.throws(() => assertJunit(renderJunit(ALL).replace('tests="', 'tests="x')), "control");
  assert.throws(() => assertSarif(renderSarif(ALL).replace('"2.1.0"', '"9"')), "control");
  assert.throws(() => assertCodeQuality('[{"description":"x"}]'), "control");
});

test("findings are the worst first; what policy allowed is never an error", () => {
  const { findings } = findFindings(
    report([
      item("a", ALLOW, DELETES),
      item("b", ASK, EXECUTABLE),
      item("c", ALLOW, LATER),
      item("d", DENY, EXECUTABLE),
      item("e", ASK),
      item("f", ALLOW),
    ]),
  );
  assert.deepEqual(
    findings.map(({ path, rule, level, isRefused }) => [path, rule, level, isRefused]),
    [
      ["d", "denied", "high", true],
      ["d", "newly-executable", "high", true],
      ["b", "newly-executable", "medium", true],
      ["e", "needs-approval", "medium", true],
      ["c", "runs-later", "medium", false],
      ["a", "deletes", "low", false],
    ],
  );
});

test("where no commit was asked for, a question is no failure and a denial is one", () => {
  const never = report([item("a", ASK), item("b", DENY), item("c", ASK, LATER)], {
    verdict: "passed",
    commit: { state: "never" },
  });
  const { findings } = findFindings(never);
  assert.deepEqual(
    findings.map(({ path, isRefused }) => [path, isRefused]),
    [
      ["b", true],
      ["c", false],
    ],
  );
  assert.match(renderJunit(never), /tests="4" failures="1" errors="0"/);
});

test("findings beyond the most a reader takes are counted, and the worst stay", () => {
  const many = Array.from({ length: 6000 }, (_, at) => item(`f${at}`, ASK));
  const { findings, leftOut } = findFindings(report([...many, item("bad", DENY, LATER)]));
  assert.deepEqual([findings.length, leftOut, findings[0]?.path], [5000, 1002, "bad"]);
  const sarif = JSON.parse(renderSarif(report([...many, item("bad", DENY, LATER)])));
  assert.equal(sarif.runs[0].properties.resultsLeftOut, 1002);
});

test("SARIF has a location by bytes, a level and a text without links and placeholders", () => {
  const raw = "src/raw\udcff [x](y) {0}:é";
  const [result] = JSON.parse(renderSarif(report([item(raw, DENY, LATER)]))).runs[0].results;
  assert.equal(
    result.locations[0].physicalLocation.artifactLocation.uri,
    "src/raw%FF%20%5Bx%5D%28y%29%20%7B0%7D%3A%C3%A9",
  );
  assert.equal(result.level, "error");
  assert.ok(!/(^|[^\\])\[/.test(result.message.text), result.message.text);
  assert.ok(!/(^|[^{])\{[^{]/.test(result.message.text), result.message.text);
});

test("paths are told from the root of the checkout, else in full", () => {
  const uri = (over: Partial<RunReport>): string =>
    JSON.parse(renderSarif(report([item("a b", DENY)], over))).runs[0].results[0].locations[0]
      .physicalLocation.artifactLocation.uri;
  assert.equal(uri({ root: "/w" }), "project/a%20b");
  assert.equal(uri({ root: "/w/pro" }), "file:///w/project/a%20b");
  assert.equal(uri({}), "a%20b");
  assert.equal(uri({ workspaces: ["/w/project", "/w/other"] }), "file:///w/project/a%20b");
});

/** What GitHub's runner reads a line as: ActionCommand.TryParseV2, then TryParse. */
function readCommand(line: string): string | undefined {
  const v2 = /^\s*::(?<name>[^ :]+)(?: (?<properties>(?:(?!::).)*))?::(?<data>.*)$/s.exec(line);
  if (v2 !== null) return v2.groups?.["name"];
  return /##\[(?<name>[^\] ]+)[^\]]*\]/.exec(line)?.groups?.["name"];
}

test("annotations are at most ten of each, the worst first, and one line each whatever the names are", () => {
  const many = (decision: Decision, ...risks: readonly Risk[]) =>
    Array.from({ length: 30 }, (_, at) => item(`f${at}`, decision, ...risks));
  const lines = renderAnnotations(
    report([...many(ALLOW, DELETES), ...many(ASK, EXECUTABLE), ...many(DENY, LATER)]),
  );
  const names = lines.map(readCommand);
  assert.deepEqual(names, [
    ...Array<string>(10).fill("error"),
    ...Array<string>(10).fill("warning"),
    ...Array<string>(10).fill("notice"),
  ]);
  for (const line of renderAnnotations(ALL)) {
    assert.doesNotMatch(line, /\p{Cc}|\p{Cf}/u);
    assert.match(line, /^::(error|warning|notice) [^:]*::/);
    assert.ok(["error", "warning", "notice"].includes(readCommand(line) ?? ""), line);
  }
  const [, at] = renderAnnotations(report([item("a:b,c.txt", DENY, LATER)]));
  assert.match(at ?? "", /^::error file=a%3Ab%2Cc\.txt,line=1,title=sandbox%3A denied::/);
});

/** What Markdown or HTML could still see something in, once the references and our own tags are taken away. */
function leftMarkup(text: string): string {
  return text
    .replace(/&#\d+;/g, "")
    .replace(/<\/?(?:code|pre|details|summary)>/g, "")
    .replace(/^### sandbox:|^#{4} /gm, "")
    .replace(/^\||(?<= )\||\|$|\|(?= )|^\|( --- \|)+$/gm, "");
}

test("a summary is text, whatever the names are, and has a line for each row", () => {
  const text = renderMarkdown(ALL);
  const seen = /[<>[\]`*_~@\\{}#&|!:]/.exec(leftMarkup(text));
  assert.equal(seen, null);
  assert.ok(!/www\./i.test(text));
  assert.ok(leftMarkup(text.replace("&#60;", "<")).includes("<"), "control");
  const rows = text.split("\n").filter((line) => /^\| (high|medium|low) \|/.test(line));
  assert.equal(rows.length, findFindings(ALL).findings.length);
  for (const row of rows) assert.equal(row.split(" | ").length, 4, row);
});

test("a summary keeps within its room, and says what it leaves out", () => {
  const many = Array.from({ length: 20_000 }, (_, at) => item(`dir/${"ä".repeat(80)}${at}`, DENY));
  const text = renderMarkdown(report(many));
  assert.ok(Buffer.byteLength(text) <= 1024 * 1024);
  assert.match(text, /… and [\d,]+ more/);
  assert.match(text, /<\/details>\n$/);
  assert.ok(Buffer.byteLength(renderMarkdown(report(many), 10_000)) <= 10_000);
});

test("what was not reached is in the reports, whatever its name looks like", () => {
  const refused = HOSTILE.map((place) => ({ place, times: 2, reason: "<b>not</b> allowed" }));
  const full = report([], { verdict: "task-failed", exit: 10, refused });
  assertJunit(renderJunit(full));
  assert.match(renderJunit(full), /not reached: &lt;img src=x onerror=alert\(1\)&gt; \(2\): /);
  const markdown = renderMarkdown(full);
  assert.match(markdown, /#### Not reached/);
  assert.doesNotMatch(markdown, /<img|<b>|\[click\]/);
  assert.doesNotMatch(renderMarkdown(report([])), /Not reached/, "control");
});
