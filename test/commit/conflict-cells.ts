import assert from "node:assert/strict";
import { existsSync, lstatSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { CommitPlan } from "../../src/commit/plan-commit.js";
import { type CommitCase, native, openCommitCase } from "../support/commit-case.js";
import { openLoopFs } from "../support/loop-fs.js";
import { makeTree, openTempDir } from "../support/temp-tree.js";
import { CELL, type Deed, HOST_DEEDS, playDeed, TASK_DEEDS } from "./conflict-deeds.js";
import { readTrees, type Sides, type Tree } from "./conflict-oracle.js";

const WHENS = ["during", "before-diff", "before-commit"] as const;
const CHILD = fileURLToPath(new URL("./deeds-child.js", import.meta.url));

/** One task against one host at one moment, in a directory of their own. */
export interface Cell {
  readonly place: string;
  readonly when: (typeof WHENS)[number];
  readonly task: Deed;
  readonly host: Deed;
  readonly about: string;
}

/** Every task against every host that did something to the same name of the cell or below it, at every moment. */
export const CELLS: readonly Cell[] = WHENS.flatMap((when) =>
  TASK_DEEDS.flatMap((task, row) =>
    HOST_DEEDS.flatMap((deed, column) => {
      const host = deed === "the same" ? { ...task, name: "does the same" } : deed;
      const about = `the task ${task.name}; the host ${host.name} (${when})`;
      const place = `${when}/${row}-${column}`;
      return isMet(task, host) ? [{ place, when, task, host, about }] : [];
    }),
  ),
);

function isMet(task: Deed, host: Deed): boolean {
  const names = new Set(task.steps.map(([, name]) => toTop(name)));
  const isIdle = task.steps.length === 0 || host.steps.length === 0;
  return isIdle || host.steps.some(([, name]) => names.has(toTop(name)));
}

function toTop(name: string): string {
  return name.split("/")[0] ?? "";
}

type Deeds = readonly (readonly [place: string, deed: Deed])[];

/** All cells in one session, each with what it began with, what its task left and what its host has. */
export class Matrix implements Disposable {
  /** Twenty thousand files: in memory where that can be mounted. */
  readonly #dir =
    process.getuid?.() === 0 ? openLoopFs({ type: "tmpfs", sizeMiB: 512 }) : openTempDir();
  readonly #bases = new Map<Cell, Tree>();
  readonly #sides = new Map<Cell, Sides>();
  readonly #left = path.join(this.#dir.path, "left");
  readonly session: CommitCase;
  readonly plan: CommitPlan;

  constructor() {
    const workspace = path.join(this.#dir.path, "project");
    makeTree(
      workspace,
      CELLS.flatMap(({ place }) => CELL.map((line) => `${place}/${line}`)),
    );
    for (const cell of CELLS)
      this.#bases.set(cell, readTrees(native, path.join(workspace, cell.place)));
    const task = this.#script(
      "task",
      CELLS.map(({ place, task: deed }) => [place, deed]),
    );
    const during = this.#script("during", toDeeds("during"));
    const host = this.#script("before-diff", toDeeds("before-diff"));
    this.session = openCommitCase(
      this.#dir.path,
      {
        base: [],
        edit: `${task} . && cp -a . "${this.#left}" && ${during} "${workspace}" || : > "${this.#left}.failed"`,
        host: `${host} .`,
      },
      { snapshot: false },
    );
    assert.equal(existsSync(`${this.#left}.failed`), false, "control: every deed was done");
    for (const [place, deed] of toDeeds("before-commit"))
      playDeed(native, path.join(workspace, place), deed);
    this.plan = this.session.plan();
  }

  #script(name: string, deeds: Deeds): string {
    const file = path.join(this.#dir.path, `${name}.json`);
    writeFileSync(file, JSON.stringify(deeds));
    return `"${process.execPath}" "${CHILD}" "${file}"`;
  }

  /** As it was when all had been done. */
  sides(cell: Cell): Sides {
    const known = this.#sides.get(cell) ?? this.#readSides(cell);
    this.#sides.set(cell, known);
    return known;
  }

  #readSides(cell: Cell): Sides {
    return {
      base: this.#bases.get(cell) ?? new Map(),
      task: readTrees(native, path.join(this.#left, cell.place)),
      host: readTrees(native, path.join(this.session.workspace, cell.place)),
      remakes: cell.task.remakes,
      early:
        cell.when === "before-commit"
          ? undefined
          : { isFresh: (name) => this.#isFresh(cell, name) },
    };
  }

  /** A symbolic link carries no mark of where it was copied from. */
  #isFresh({ place }: Cell, name: string): boolean {
    const upper = path.join(this.session.layers[0]?.upper ?? "", place, name);
    if (!existsSync(upper) || lstatSync(upper).isSymbolicLink()) return true;
    return native.lgetxattr(upper, "user.overlay.origin") === undefined;
  }

  [Symbol.dispose](): void {
    this.#dir[Symbol.dispose]();
  }
}

function toDeeds(when: Cell["when"]): Deeds {
  return CELLS.filter((cell) => cell.when === when).map(({ place, host }) => [place, host]);
}
