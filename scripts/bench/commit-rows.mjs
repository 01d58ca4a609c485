// Committing 10,000 new and changed files, journal and crash safety on, against a plain copy made durable.
import { interleave, ratioRow, time } from "./measure.mjs";

const write = (from, to, text) => [
  "perl",
  "-e",
  `for my $i (${from} .. ${to} - 1) { my $d = "d" . int($i / 100); mkdir $d; open my $f, ">", "$d/f$i" or die "$d/f$i: $!"; print $f "${text} $i\\n" x (1 + $i * 37 % 400) }`,
];

export async function commitRows(ground) {
  const makeBase = () => {
    const dir = ground.makeDir();
    const [file, ...args] = write(0, 5_000, "old");
    time([file, ...args], { cwd: dir });
    return dir;
  };
  const ms = await interleave(3, {
    commit: () => {
      const workspace = makeBase();
      const { session } = ground.session(workspace, write(0, 10_000, "new"));
      ground.settle();
      return ground.sandbox("commit", session, "--yes");
    },
    copy: () => {
      const target = makeBase();
      const source = ground.makeDir();
      const [file, ...args] = write(0, 10_000, "new");
      time([file, ...args], { cwd: source });
      ground.settle();
      return time(["sh", "-c", 'cp -a "$1/." "$2/" && sync -f "$2"', "sh", source, target]);
    },
  });
  return [
    ratioRow(
      "commit-10k",
      "sandbox commit of 10,000 files / cp -a + sync -f",
      ms.commit,
      ms.copy,
      1.5,
    ),
  ];
}
