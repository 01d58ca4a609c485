import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project-root.js";
import { ATTACKS } from "./attack-table.js";
import { COLUMNS } from "./column.js";
import { findKnownLimit, KNOWN_LIMITS } from "./known-limits.js";
import { renderScorecard } from "./render-scorecard.js";

const file = path.join(projectRoot, "docs/escape-scorecard.md");

// What each cell must be is declared; that it is so, the runs of the columns prove.
test("the published scorecard says what is declared", () => {
  const expected = renderScorecard({
    attacks: ATTACKS,
    columns: COLUMNS,
    markOf: (attack, column) => {
      const limit = findKnownLimit(attack.id, column);
      if (limit !== undefined) return { mark: "not stopped", reason: limit };
      const reason = attack.notFor?.(column);
      return { mark: reason === undefined ? "stopped" : "not applicable", reason };
    },
  });
  assert.ok(existsSync(file), "npm run test:escape writes it");
  assert.equal(readFileSync(file, "utf8").replace(/\nMade on .*\n$/, ""), expected);
});

test("every attack has a name of its own, and every known limit an attack and a column", () => {
  const ids = ATTACKS.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { attack, columns } of KNOWN_LIMITS) {
    assert.ok(ids.includes(attack), attack);
    assert.ok(COLUMNS.some(columns), attack);
  }
});
