import assert from "node:assert/strict";
import { readFileSync, unlinkSync } from "node:fs";
import path from "node:path";
import type { Person } from "../support/person.js";

/** Who a story is played as. */
export const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);
const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => `line ${i}`);
/** Lines as a text. */
export const text = (all: readonly string[]): string => all.map((one) => `${one}\n`).join("");
/** What `both` has at first. */
export const BASE = lines(30);
/** What the host makes of it. */
export const OURS = text(BASE.with(2, "ours"));
/** What the task makes of it. */
export const THEIRS = text(BASE.with(28, "theirs"));
const TASK = "sed -i 's/line 28/theirs/' both; echo task > only-task; echo same > same";

/** Runs a task over `files`, as the session `s`. */
export function open(person: Person, files: Readonly<Record<string, string>>, task: string): void {
  person.make(files);
  const run = person.sandbox(["run", "--name", "s", "--", "sh", "-c", task]);
  assert.equal(run.status, 0, run.stderr);
}

/** A host edit of each kind under a session that is pending. */
export function openEdited(person: Person): void {
  open(person, { both: text(BASE), only: "old\n", gone: "x\n" }, TASK);
  person.make({ both: OURS, only: "new\n", fresh: "made\n", same: "same\n" });
  unlinkSync(file(person, "gone"));
}

/** The host path of a file of the project. */
export function file(person: Person, name: string): string {
  return path.join(person.project, name);
}

/** Its text. */
export function read(person: Person, name: string): string {
  return readFileSync(file(person, name), "utf8");
}

/** What `sandbox ARGS` printed; fails where it failed. */
export function ok(person: Person, ...args: readonly string[]): string {
  const { status, stdout, stderr } = person.sandbox(args);
  assert.equal(status, 0, `${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}

/** Runs another task on the layers. */
export function exec(person: Person, script: string): string {
  return ok(person, "exec", "s", "--", "sh", "-c", script);
}

/** Just the paths. */
export const names = (list: readonly { readonly path: string }[]): readonly string[] =>
  list.map((one) => one.path);

/** What `refresh --json` printed. */
export interface Refreshed {
  readonly visible: readonly string[];
  readonly dropped: readonly string[];
  readonly conflicts: readonly string[];
  readonly revision: number;
  readonly answers: unknown;
}

/** Refreshes `s`. */
export function refresh(person: Person): Refreshed {
  const { status, json, stderr } = person.sandboxJson(["refresh", "s"]);
  assert.equal(status, 0, stderr + JSON.stringify(json));
  const { visible, dropped, conflicts, revision, answers } = json;
  return {
    ...{ revision, answers, visible: names(visible), dropped: names(dropped) },
    conflicts: names(conflicts),
  };
}

/** Paths a commit of everything would stop at. */
export function conflictsOf(person: Person): readonly string[] {
  const { status, json } = person.sandboxJson(["commit", "s", "--yes"]);
  assert.equal(status, 3, JSON.stringify(json));
  return names(json.conflicts);
}
