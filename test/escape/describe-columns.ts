import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isBrief } from "../support/is-brief.js";
import { ATTACKS } from "./attack-table.js";
import { type Column, chooseColumns } from "./column.js";
import { findKnownLimit } from "./known-limits.js";
import { type Cell, runColumn } from "./run-column.js";
import { saveColumn } from "./saved-results.js";
import { quiet } from "./scenes.js";

const isRoot = process.getuid?.() === 0;
/** In a brief run those that share one sandbox. */
const tried = isBrief ? ATTACKS.filter(({ scene }) => scene === quiet) : ATTACKS;

/** A test for each attack in each of the columns of one engine with one runtime. */
export function describeColumns(wanted: Pick<Column, "engine" | "runtime" | "daemon">): void {
  let before: Promise<unknown> = Promise.resolve();
  const columns = chooseColumns().filter(
    ({ engine, runtime, daemon }) =>
      engine === wanted.engine && runtime === wanted.runtime && daemon === wanted.daemon,
  );
  for (const column of columns) {
    const isTried = column.who !== "root" || isRoot;
    // One after the other: what is left behind is looked for on the whole machine.
    const running = before.then(() =>
      isTried ? runColumn(column, tried) : new Map<string, Cell>(),
    );
    before = running.catch(() => {});
    describe(`getting out of ${column.id}`, {
      skip: isTried ? false : "this is a plain user",
    }, () => {
      test("runs, with every control", async () => {
        const cells = await running;
        saveColumn(column, cells);
        assert.deepEqual(
          [...cells].filter(([, { state }]) => state === "broken"),
          [],
        );
      });
      for (const { id, title } of tried)
        test(`${id}: ${title}`, async (context) => {
          const cell = (await running).get(id);
          const isUntried = cell?.state === "untried" && process.env["CI"] !== "true";
          if (cell?.state === "not-applicable" || isUntried) return context.skip(cell.detail);
          judge(column, id, cell);
        });
    });
  }
}

/** A known limit is declared with its reason, and must be true. */
function judge(column: Column, id: string, cell: Cell | undefined): void {
  const limit = findKnownLimit(id, column);
  assert.equal(cell?.state, limit === undefined ? "stopped" : "through", cell?.detail);
}
