// Reading the changes of a session against the least that any reader must do: list the upperdir, hash the same bytes.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { buildModule } from "./build-module.mjs";
import { interleave, memoryRow, ratioRow, time } from "./measure.mjs";

/** In a workspace with `base` files: of `entries` changes a fifth modify, a tenth delete, the rest add, a hundred a directory. */
const makeBase = (entries) =>
  perl(
    `for my $i (0 .. ${entries * 0.3} - 1) { my $d = "b" . int($i / 100); mkdir $d; put("$d/f$i", $i) }`,
  );
const change = (entries) =>
  perl(`for my $i (0 .. ${entries} - 1) { my $d = int($i / 100);
    if ($i < ${entries * 0.2}) { put("b$d/f$i", $i + 1) } elsif ($i < ${entries * 0.3}) { unlink "b$d/f$i" } else { mkdir "n$d"; put("n$d/f$i", $i) } }`);
const perl = (body) => [
  "perl",
  "-e",
  `sub put { open my $f, ">", $_[0] or die "$_[0]: $!"; print $f "$_[1]\\n" x (1 + $_[1] * 37 % 400) } ${body}`,
];

const reader = `
import { readFileSync } from "node:fs";
import { openNative } from "../host/native.js";
import { readChangeset } from "../overlay/read-changeset.js";
const { layers } = JSON.parse(readFileSync(process.argv[2], "utf8"));
void Promise.resolve(readChangeset(layers, { native: openNative() })).then((set) => { if (set.changes.length < Number(process.argv[3])) process.exit(1) });
`;

export async function diffRows(ground) {
  const module = await buildModule("bench-reader", reader);
  const small = await measureDiff(ground, module, { entries: 10_000, rounds: 5 });
  const large = await measureDiff(ground, module, { entries: 100_000, rounds: 3 });
  return [
    ...small.rows,
    ...large.rows,
    ratioRow("diff-linear", "reading 100,000 / reading 10,000", large.ms.read, small.ms.read, 12),
  ];
}

async function measureDiff(ground, module, { entries, rounds }) {
  const workspace = ground.makeDir();
  const [perlProgram, ...perlArgs] = makeBase(entries);
  time([perlProgram, ...perlArgs], { cwd: workspace });
  const { session, layers } = ground.session(workspace, change(entries));
  const { upper } = layers[0];
  const record = path.join(ground.dir, "state", "sessions", session, "session.json");
  const list = path.join(ground.dir, `base-${entries}`);
  const before = Array.from({ length: entries * 0.3 }, (_, at) =>
    path.join(workspace, `b${Math.floor(at / 100)}/f${at}`),
  );
  writeFileSync(list, before.map((file) => `${file}\0`).join(""));
  const baseline = `find "$1" -printf '%p %s %m\\n' >/dev/null; find "$1" -type f -print0 | cat - "$2" | xargs -0 sha256sum >/dev/null`;
  const ms = await interleave(rounds, {
    read: () => time([process.execPath, module, record, String(entries)], { env: ground.env }),
    command: () => ground.sandbox("diff", session, "--name-status"),
    baseline: () => time(["sh", "-c", baseline, "sh", upper, list]),
  });
  const count = entries.toLocaleString("en");
  const rows = [
    ratioRow(
      `diff-${entries / 1000}k`,
      `read ${count} changes / find -printf + sha256sum`,
      ms.read,
      ms.baseline,
      3,
    ),
    ratioRow(
      `diff-${entries / 1000}k-shown`,
      `sandbox diff --name-status of them / same`,
      ms.command,
      ms.baseline,
      3,
    ),
    memoryRow(
      `diff-${entries / 1000}k-memory`,
      `peak of reading ${count} changes`,
      ground.nodePeak(module, record, String(entries)),
      300,
    ),
    memoryRow(
      `diff-${entries / 1000}k-shown-memory`,
      "peak of sandbox diff --name-status",
      ground.sandboxPeak("diff", session, "--name-status"),
      300,
    ),
  ];
  ground.sandbox("discard", session);
  return { ms, rows };
}
