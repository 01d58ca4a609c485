// `sandbox run -- true`, everything included, against Node alone, Docker and `try` where they are.
import { spawnSync } from "node:child_process";
import { interleave, ratioRow, time } from "./measure.mjs";

export async function startRows(ground) {
  const workspace = ground.makeDir("echo a > a");
  const { env } = ground;
  const sides = {
    sandbox: () => ground.sandbox("run", "--commit", "never", "--dir", workspace, "--", "true"),
    node: () => time([process.execPath, "-e", "0"], { env }),
  };
  const image = localImage();
  if (image !== undefined)
    sides.docker = () => time(["docker", "run", "--rm", image, "true"], { env });
  if (spawnSync("try", ["-h"]).error === undefined)
    sides.try = () => time(["try", "-n", "true"], { env, cwd: workspace });
  const ms = await interleave(30, sides);
  return [
    ratioRow("start", "sandbox run -- true / node -e 0", ms.sandbox, ms.node, 1.9),
    ...(ms.docker === undefined
      ? []
      : [
          ratioRow(
            "start-docker",
            `sandbox run / docker run --rm ${image}`,
            ms.sandbox,
            ms.docker,
            0.25,
          ),
        ]),
    ...(ms.try === undefined
      ? []
      : [ratioRow("start-try", "sandbox run / try -n true", ms.sandbox, ms.try, 1)]),
  ];
}

/** An image that the daemon has, if a daemon answers: nothing is pulled. */
function localImage() {
  const result = spawnSync("docker", ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"], {
    encoding: "utf8",
    timeout: 5_000,
  });
  return result.status === 0
    ? result.stdout.split("\n").find((line) => line !== "" && !line.includes("<none>"))
    : undefined;
}
