// A Docker daemon for the bench alone, with a busybox image: no other daemon's load or age is in the figures.
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { time } from "./measure.mjs";

export const IMAGE = "sandbox-bench/busybox:1";

/** Starts it, or gives undefined where none can be had: not root, or no dockerd. */
export async function openDockerd(ground) {
  if (process.getuid() !== 0 || spawnSync("dockerd", ["--version"]).status !== 0) return undefined;
  const dir = path.join(ground.dir, "docker");
  mkdirSync(dir);
  const address = `unix://${dir}/docker.sock`;
  writeFileSync(path.join(dir, "daemon.json"), "{}");
  const log = openSync(path.join(dir, "log"), "a");
  const places = ["data-root", "exec-root", "pidfile"].flatMap((name) => [
    `--${name}`,
    `${dir}/${name}`,
  ]);
  const daemon = spawn(
    "dockerd",
    [
      "--config-file",
      path.join(dir, "daemon.json"),
      "--host",
      address,
      ...places,
      "--bridge=none",
      "--iptables=false",
    ],
    { stdio: ["ignore", log, log] },
  );
  const end = () => daemon.kill("SIGTERM");
  process.once("exit", end);
  const env = { ...ground.env, DOCKER_HOST: address };
  const gone = new Promise((resolve) => daemon.once("exit", resolve));
  for (let tries = 0; spawnSync("docker", ["info"], { env }).status !== 0; tries++) {
    if (tries > 200) throw new Error(`dockerd does not answer; see ${dir}/log`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  importBusybox(dir, env);
  return {
    env,
    docker: (...args) => time(["docker", ...args], { env }),
    async close() {
      process.off("exit", end);
      end();
      await gone;
    },
  };
}

function importBusybox(dir, env) {
  const bin = path.join(dir, "tree", "bin");
  mkdirSync(bin, { recursive: true });
  mkdirSync(path.join(dir, "tree", "tmp"));
  copyFileSync("/bin/busybox", path.join(bin, "busybox"));
  chmodSync(path.join(bin, "busybox"), 0o755);
  for (const name of ["sh", "true", "tar"]) symlinkSync("busybox", path.join(bin, name));
  const command = `tar -C '${dir}/tree' -c . | docker import -c 'ENV PATH=/bin' - ${IMAGE}`;
  time(["sh", "-c", command], { env });
  rmSync(path.join(dir, "tree"), { recursive: true });
}
