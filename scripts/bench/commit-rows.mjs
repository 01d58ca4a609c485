// Committing 10,000 and 100,000 new and changed files, journal and crash safety on, against a plain copy made durable; then
// its rollback against the commit, what both take of memory, and what the commit writes.
import { spawnSync } from "node:child_process";
import { bytesRow, interleave, median, memoryRow, ratioRow, time } from "./measure.mjs";

const MIB = 1 << 20;
const MOST_MEMORY = 300;

const write = (from, to, text) => [
  "perl",
  "-e",
  `for my $i (${from} .. ${to} - 1) { my $d = "d" . int($i / 100); mkdir $d; open my $f, ">", "$d/f$i" or die "$d/f$i: $!"; print $f "${text} $i\\n" x (1 + $i * 37 % 400) }`,
];

export async function commitRows(ground) {
  const small = await measureCommit(ground, { entries: 10_000, rounds: 3 });
  const large = await measureCommit(ground, { entries: 100_000, rounds: 1 });
  return [...toRows(small, "10k", "10,000"), ...toRows(large, "100k", "100,000")];
}

/** Half of the files are there before and are changed. Gives medians and, of the commits and rollbacks, the greatest. */
async function measureCommit(ground, { entries, rounds }) {
  const makeBase = () => {
    const dir = ground.makeDir();
    const [file, ...args] = write(0, entries / 2, "old");
    time([file, ...args], { cwd: dir });
    return dir;
  };
  const used = { commit: [], rollback: [] };
  let latest;
  let written;
  const ms = await interleave(rounds, {
    commit: () => {
      const workspace = makeBase();
      const { session } = ground.session(workspace, write(0, entries, "new"));
      ground.settle();
      const usage = ground.sandboxUsage("commit", session, "--yes");
      used.commit.push(usage);
      latest = ground.readSession(session).commits.at(-1);
      written = { data: sizeOf(workspace), records: sizeOf(ground.commitDir(latest), "*.json*") };
      return usage.ms;
    },
    rollback: () => {
      ground.settle();
      const usage = ground.sandboxUsage("rollback", latest);
      used.rollback.push(usage);
      return usage.ms;
    },
    copy: () => {
      const target = makeBase();
      const source = ground.makeDir();
      const [file, ...args] = write(0, entries, "new");
      time([file, ...args], { cwd: source });
      ground.settle();
      return time(["sh", "-c", 'cp -a "$1/." "$2/" && sync -f "$2"', "sh", source, target]);
    },
  });
  return { ms, used, written };
}

function toRows({ ms, used, written }, name, count) {
  const peak = (usages) => Math.max(...usages.map(({ peakKib }) => peakKib)) / 1024;
  const cpu = (usages) => (median(usages.map(({ cpuMs }) => cpuMs)) / 1000).toFixed(1);
  const wchar = median(used.commit.map((usage) => usage.wchar)) / MIB;
  const onDisk = (median(used.commit.map(({ writeBytes }) => writeBytes)) / MIB).toFixed(0);
  const data = (written.data / MIB).toFixed(0);
  return [
    ratioRow(
      `commit-${name}`,
      `sandbox commit of ${count} files / cp -a + sync -f (${cpu(used.commit)} s on processors)`,
      ms.commit,
      ms.copy,
      1.5,
    ),
    memoryRow(`commit-${name}-memory`, `peak of it`, peak(used.commit), MOST_MEMORY),
    bytesRow(
      `commit-${name}-written`,
      `handed to write(2) by it / its journal and record (${data} MiB of data; write_bytes ${onDisk} MiB)`,
      wchar,
      written.records / MIB,
      1.5,
    ),
    ratioRow(
      `rollback-${name}`,
      `sandbox rollback of it / the commit (${cpu(used.rollback)} s on processors)`,
      ms.rollback,
      ms.commit,
      1.2,
    ),
    memoryRow(`rollback-${name}-memory`, `peak of it`, peak(used.rollback), MOST_MEMORY),
  ];
}

/** Bytes in the regular files below `dir` whose names match `pattern`. */
function sizeOf(dir, pattern = "*") {
  const args = [dir, "-type", "f", "-name", pattern, "-printf", "%s\n"];
  const { stdout } = spawnSync("find", args, { encoding: "utf8", maxBuffer: 1 << 28 });
  return stdout.split("\n").reduce((sum, line) => sum + Number(line), 0);
}
