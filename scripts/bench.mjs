// `npm run bench [-- ROWS...]`: measures what issue "Speed and memory" promises, prints a table of ratios and writes
// .bench/results.json. Nothing here is a test: a ratio of one run on a busy machine says little. Rows: see `groups`.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import path from "node:path";
import { auditRows } from "./bench/audit-rows.mjs";
import { bigFileRows } from "./bench/big-file-rows.mjs";
import { commitRows } from "./bench/commit-rows.mjs";
import { diffRows } from "./bench/diff-rows.mjs";
import { dockerRows } from "./bench/docker-rows.mjs";
import { engineRows } from "./bench/engine-rows.mjs";
import { openGround, root } from "./bench/ground.mjs";
import { gatewayRows } from "./bench/gateway-rows.mjs";
import { manyRows } from "./bench/many-rows.mjs";
import { policyRows } from "./bench/policy-rows.mjs";
import { queueRows } from "./bench/queue-rows.mjs";
import { startRows } from "./bench/start-rows.mjs";

const groups = {
  start: startRows,
  engine: engineRows,
  diff: diffRows,
  commit: commitRows,
  big: bigFileRows,
  docker: dockerRows,
  many: manyRows,
  policy: policyRows,
  queue: queueRows,
  audit: auditRows,
  gateway: gatewayRows,
};
/** Of these more is better. */
const AT_LEAST = ["/s", "%", "of them"];
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(groups);
const unknown = wanted.filter((name) => !Object.hasOwn(groups, name));
if (unknown.length > 0) {
  console.error(
    `bench: no rows named ${unknown.join(", ")}; there are ${Object.keys(groups).join(", ")}`,
  );
  process.exit(2);
}

spawnSync(process.execPath, [path.join(root, "scripts", "build.mjs")], { stdio: "inherit" });
const ground = openGround();
const results = {
  schema: "bench/1",
  node: process.version,
  kernel: release(),
  cpus: cpus().length,
  filesystem: ground.filesystem,
  rows: [],
};
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
process.once("exit", () => ground.remove());

console.log(
  `Node ${process.version}, Linux ${release()}, ${cpus().length} processors, load ${loadNow()}, on ${ground.filesystem}`,
);
for (const name of wanted) {
  const rows = await groups[name](ground).catch((error) => [
    { row: name, what: "failed", failed: String(error.message).trim() },
  ]);
  for (const row of rows) console.log(render(row));
  results.rows.push(...rows);
}
mkdirSync(path.join(root, ".bench"), { recursive: true });
writeFileSync(path.join(root, ".bench", "results.json"), `${JSON.stringify(results, null, 2)}\n`);
process.exit(results.rows.some((row) => row.failed !== undefined) ? 1 : 0);

function render(row) {
  if (row.failed !== undefined) return `${row.row.padEnd(22)} FAILED: ${row.failed}`;
  const figures =
    row.ratio === undefined
      ? `${row.ours.toFixed(0)} ${row.unit}`.padStart(34)
      : `${row.ours.toFixed(1)} / ${row.baseline.toFixed(1)} ${row.unit} = ${row.ratio.toFixed(2)}`.padStart(
          34,
        );
  return `${row.row.padEnd(22)}${figures}  ${row.met ? "met " : "MISS"} (${AT_LEAST.includes(row.unit) ? "≥" : "≤"} ${row.target}${row.ratio === undefined ? ` ${row.unit}` : ""})  ${row.what}`;
}

function loadNow() {
  return readFileSync("/proc/loadavg", "utf8").split(" ")[0];
}
