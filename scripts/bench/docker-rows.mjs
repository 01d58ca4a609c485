// The Docker engine against Docker's own command line, with the same image, on a daemon of the bench's own.
import { spawnSync } from "node:child_process";
import { launcher } from "./ground.mjs";
import { interleave, ratioRow, time } from "./measure.mjs";
import { IMAGE, openDockerd } from "./private-dockerd.mjs";

export async function dockerRows(ground) {
  const dockerd = await openDockerd(ground);
  if (dockerd === undefined) return [];
  try {
    return [...(await startRows(ground, dockerd)), ...(await sendRows(ground, dockerd))];
  } finally {
    await dockerd.close();
  }
}

async function startRows(ground, { env, docker }) {
  const workspace = ground.workspace("docker-start");
  const run = (...options) =>
    time([launcher, "run", ...options, "--commit", "never", "--dir", workspace, "--", "true"], {
      env,
    });
  const ms = await interleave(15, {
    ours: () => run("--engine", "docker", "--image", IMAGE),
    world: () => run("--engine", "docker"),
    oci: () => run(),
    docker: () => docker("run", "--rm", "--network", "none", IMAGE, "true"),
  });
  return [
    ratioRow(
      "docker",
      "sandbox run --engine docker --image / docker run --rm",
      ms.ours,
      ms.docker,
      1.6,
    ),
    ratioRow(
      "docker-no-image",
      "the same over the host's system directories",
      ms.world,
      ms.docker,
      1.6,
    ),
    ratioRow("start-docker", "sandbox run (oci) / docker run --rm", ms.oci, ms.docker, 0.25),
  ];
}

/** The first time a tree is sent, less what the same run costs when the daemon has it already. */
async function sendRows(ground, { env, docker }) {
  const fill = `for my $i (0 .. 9999) { my $d = "d" . int($i / 100); mkdir $d; open my $f, ">", "$d/f$i" or die; print $f "$ARGV[0] $i\\n" x (1 + $i * 37 % 400) }`;
  let made = 0;
  const makeTree = () => ground.makeDir(`perl -e '${fill}' ${made++}`);
  const run = (workspace) =>
    time(
      [
        launcher,
        "run",
        "--engine",
        "docker",
        "--image",
        IMAGE,
        "--commit",
        "never",
        "--dir",
        workspace,
        "--",
        "true",
      ],
      { env },
    );
  docker("create", "--name", "bench-target", "--network", "none", IMAGE, "true");
  const ms = await interleave(3, {
    ours: () => {
      // Root's own directory: the daemon cannot map its owner, so that it is carried there.
      const workspace = makeTree();
      ground.settle();
      const first = run(workspace);
      return first - run(workspace);
    },
    copy: () => {
      const workspace = makeTree();
      ground.settle();
      return time(
        ["sh", "-c", 'tar -C "$1" -c . | docker cp - bench-target:/tmp', "sh", workspace],
        { env },
      );
    },
  });
  spawnSync("docker", ["rm", "-f", "bench-target"], { env });
  return [ratioRow("send-10k", "sending 10,000 files / tar | docker cp", ms.ours, ms.copy, 1.5)];
}
