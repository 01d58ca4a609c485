// Fifty sandboxes, four at a time, through each engine, against the raw tool.
import { spawn } from "node:child_process";
import { openBareBundle } from "./bare-bundle.mjs";
import { launcher } from "./ground.mjs";
import { interleave, ratioRow } from "./measure.mjs";
import { IMAGE, openDockerd } from "./private-dockerd.mjs";

const COUNT = 50;
const AT_ONCE = 4;

export async function manyRows(ground) {
  const rows = await ociRows(ground);
  const dockerd = await openDockerd(ground);
  if (dockerd === undefined) return rows;
  try {
    return [...rows, ...(await dockerRows(ground, dockerd))];
  } finally {
    await dockerd.close();
  }
}

async function ociRows(ground) {
  const bundle = openBareBundle(ground);
  const ms = await interleave(1, {
    ours: () => timeMany((at) => [launcher, ...toArguments(ground, at)], ground.env),
    bare: () => timeMany((at) => bundle.command(`bare-${at}`), ground.env),
  });
  return [
    ratioRow(
      "many-oci",
      `${COUNT} × sandbox run -- true, ${AT_ONCE} at a time / bare crun`,
      ms.ours,
      ms.bare,
      6,
    ),
  ];
}

async function dockerRows(ground, { env }) {
  const ms = await interleave(1, {
    ours: () =>
      timeMany(
        (at) => [launcher, ...toArguments(ground, at, "--engine", "docker", "--image", IMAGE)],
        env,
      ),
    bare: () => timeMany(() => ["docker", "run", "--rm", "--network", "none", IMAGE, "true"], env),
  });
  return [
    ratioRow(
      "many-docker",
      `${COUNT} × sandbox run --engine docker, ${AT_ONCE} at a time / docker run`,
      ms.ours,
      ms.bare,
      1.6,
    ),
  ];
}

/** Each task has a workspace of its own, which is not root's: two on one would wait for nobody, but warn. */
function toArguments(ground, at, ...options) {
  const workspace = ground.workspace(`many-${at}`);
  return ["run", ...options, "--commit", "never", "--dir", workspace, "--", "true"];
}

async function timeMany(toCommand, env) {
  const pending = Array.from({ length: COUNT }, (_, at) => toCommand(at));
  const started = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) await run(next, env);
    }),
  );
  return performance.now() - started;
}

function run([file, ...args], env) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: ["ignore", "ignore", "inherit"] });
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${file} ${args.join(" ")}: exit ${code}`)),
    );
  });
}
