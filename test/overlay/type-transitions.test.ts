import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type OverlayCase, toLine } from "../support/overlay-case.js";
import { openPlainUser } from "../support/plain-user.js";
import { readCases, readCasesAs } from "../support/run-cases.js";

const TYPES = ["file", "dir", "symlink", "fifo", "absent"] as const;
type Type = (typeof TYPES)[number];

const BASE: Readonly<Record<Type, readonly string[]>> = {
  file: ["x=old"],
  dir: ["x/", "x/kept=1", "x/deep/leaf=2"],
  symlink: ["x->old"],
  fifo: ["x|"],
  absent: [],
};
const MAKE: Readonly<Record<Type, string>> = {
  file: "printf new > x",
  dir: "mkdir x; printf new > x/made",
  symlink: "ln -s new x",
  fifo: "mkfifo x",
  absent: "true",
};

/** What has to be reported for `x` in `parent`, by hand from the rules. */
function expected(from: Type, to: Type, prefix: string): readonly string[] {
  const x = `${prefix}x`;
  const gone =
    from === "dir" ? [`D ${x}/deep dir`, `D ${x}/deep/leaf file`, `D ${x}/kept file`] : [];
  const made = to === "dir" ? [`A ${x}/made file`] : [];
  return [...own(from, to, x), ...gone, ...made].sort();
}

function own(from: Type, to: Type, x: string): readonly string[] {
  if (from === to) return from === "file" || from === "symlink" ? [`M ${x} ${from}`] : [];
  if (from === "absent") return [`A ${x} ${to}`];
  if (to === "absent") return [`D ${x} ${from}`];
  return [`M ${x} ${from}→${to}`];
}

/** The pairs with the case that makes each; `x` lies in `prefix`. */
function toCases(prefix: string, edit: (make: string) => string) {
  return TYPES.flatMap((from) =>
    TYPES.map((to) => {
      const base = BASE[from].map((line) => `${prefix}${line}`);
      const one: OverlayCase = {
        base: [`${prefix}side=1`, ...base],
        edit: edit(MAKE[to]),
      };
      return { from, to, one };
    }),
  );
}

const flat = toCases("", (make) => `rm -rf x; ${make}`);
const inOpaque = toCases("d/", (make) => `rm -rf d; mkdir d; printf 1 > d/side; cd d; ${make}`);
const deepOpaque = toCases(
  "d/e/",
  (make) => `rm -rf d; mkdir -p d/e; printf 1 > d/e/side; cd d/e; ${make}`,
);

function check(prefix: string, cases: ReturnType<typeof toCases>, read: typeof readCases): void {
  const changesets = read(cases.map(({ one }) => one));
  for (const [index, { from, to }] of cases.entries()) {
    const lines = changesets[index]?.changes.map(toLine).sort();
    assert.deepEqual(lines, expected(from, to, prefix), `${prefix}x: ${from} → ${to}`);
  }
}

describe("every change of type", () => {
  it("is seen in a directory that is merged", () => check("", flat, readCases));
  it("is seen in an opaque directory", () => check("d/", inOpaque, readCases));
  it("is seen below an opaque directory", () => check("d/e/", deepOpaque, readCases));
  it("is seen by an ordinary user, merged and opaque", () => {
    using user = openPlainUser();
    check("", flat, (cases) => readCasesAs(user, cases));
    check("d/e/", deepOpaque, (cases) => readCasesAs(user, cases));
  });
});
