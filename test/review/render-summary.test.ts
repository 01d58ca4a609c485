import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../../src/core/change.js";
import type { RelPath } from "../../src/core/path.js";
import { assessRisks } from "../../src/review/assess-risks.js";
import { renderSummary } from "../../src/review/render-summary.js";
import { base, change, changeset, next } from "./changes.js";

function summaryOf(changes: readonly Change[], isIgnored = (_: Change) => false): string {
  const whole = changeset(changes);
  const items = changes.map((item) => ({
    change: item,
    risks: assessRisks(item, { changeset: whole }),
    ignored: isIgnored(item),
  }));
  return renderSummary(
    {
      session: "s-abcdefghij",
      outcome: { outcome: "exited", code: 0 },
      durationMs: 12_345,
      workspaces: ["/w/project"],
      items,
      notices: [
        {
          workspace: 0,
          path: "run.sock" as RelPath,
          kind: "socket-skipped",
          text: "a socket is not carried",
        },
      ],
    },
    { colour: false },
  );
}

const file = (path: string, size = 10) => change(path, { after: next({ size }) });

test("exit and time, counts, risks, deletions, ignored trees, notes, next commands: in this order", () => {
  const text = summaryOf(
    [
      file(".git/hooks/pre-commit"),
      change("Makefile", { before: base(), after: next({ size: 100 }) }),
      change("node_modules", { after: next({ type: "dir" }) }),
      file("node_modules/a/index.js", 2048),
      file("node_modules/b/package.json", 1024),
      change("old\n.txt", { before: base() }),
      file("src/main.ts"),
    ],
    (item) => item.path.startsWith("node_modules"),
  );
  assert.equal(
    text,
    `exit 0 after 12.3 s
5 added, 1 modified, 1 deleted (3.1 KiB new or changed)

Look at these first
  high    .git/hooks/pre-commit  git runs it as a hook
  medium  Makefile               the build or the task runner runs what it says

Deleted (1)
  - "old\\n.txt"

  node_modules/  3 changes, 3.0 KiB, ignored by git

note  run.sock: a socket is not carried

  sandbox diff s-abcdefghij     see what changed
  sandbox commit s-abcdefghij   apply it to /w/project
  sandbox discard s-abcdefghij  drop it
`,
  );
});

test("every deletion that git would notice is named, however many there are", () => {
  const gone = Array.from({ length: 500 }, (_, i) => change(`old/${i}.txt`, { before: base() }));
  const text = summaryOf([change("old", { before: base({ type: "dir" }) }), ...gone]);
  for (const item of gone) assert.ok(text.includes(`  - ${item.path}\n`), item.path);
  const inTools = summaryOf([change("node_modules/x", { before: base() })]);
  assert.ok(inTools.includes("  - node_modules/x\n"));
});

test("a change of high risk stays in sight in an ignored tree", () => {
  const text = summaryOf([file("build/.git/hooks/post-checkout"), file("build/a.o")], () => true);
  assert.match(text, /high {4}build\/\.git\/hooks\/post-checkout/);
  assert.match(text, /build\/ {2}1 change, 10 B, ignored by git/);
});

test("says when nothing changed, and asks for nothing then", () => {
  const text = summaryOf([]);
  assert.match(text, /^exit 0 after 12\.3 s\nnothing changed\n/);
  assert.doesNotMatch(text, /sandbox commit/);
});

test("a flood of executables is counted after forty, one of high risk never is", () => {
  const many = Array.from({ length: 100 }, (_, i) =>
    change(`x${i}`, { after: next({ mode: 0o755 }) }),
  );
  const hooks = Array.from({ length: 100 }, (_, i) => file(`.git/hooks/h${i}`));
  const text = summaryOf([...many, ...hooks]);
  assert.match(text, /… and 60 more changes of medium risk/);
  for (const item of hooks) assert.ok(text.includes(item.path));
});
