import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { release } from "node:os";
import { ATTACKS } from "./attack-table.js";
import { COLUMNS } from "./column.js";
import { findKnownLimit } from "./known-limits.js";
import { type Mark, renderScorecard } from "./render-scorecard.js";
import { readResults } from "./saved-results.js";

// `node write-scorecard.js RESULTS FILE`: writes the scorecard of a whole run. A cell that was not tried, or is broken,
// is no result: then nothing is written.
const [, , results = "", file = ""] = process.argv;
const saved = readResults(results);
const missing: string[] = [];

const text = renderScorecard({
  attacks: ATTACKS,
  columns: COLUMNS,
  markOf: (attack, column): Mark => {
    const cell = saved[column.id]?.[attack.id];
    const obstacle = attack.notFor?.(column);
    if (obstacle !== undefined) return { mark: "not applicable", reason: obstacle };
    if (cell?.state === "stopped") return { mark: "stopped", reason: undefined };
    const reason = findKnownLimit(attack.id, column);
    if (cell?.state === "through") return { mark: "not stopped", reason };
    missing.push(`${column.id}: ${attack.id}`);
    return { mark: "not stopped", reason: "not tried" };
  },
});

if (missing.length > 0) {
  process.stderr.write(`scorecard: not written, without a result:\n${missing.join("\n")}\n`);
  process.exitCode = 1;
} else writeFileSync(file, `${text}\nMade on Linux ${release()} with ${versions().join(", ")}.\n`);

/** The first line of what each program says of its version. */
function versions(): readonly string[] {
  const used = new Set(COLUMNS.flatMap(({ engine, runtime }) => [engine, runtime]));
  return ["crun", "runc", "runsc", "docker"]
    .filter((name) => used.has(name as "crun"))
    .map((name) => {
      const { stdout } = spawnSync(name === "docker" ? "dockerd" : name, ["--version"], {
        encoding: "utf8",
      });
      return stdout.split("\n")[0]?.replace(/ version|,? build \S+/g, "") ?? name;
    });
}
