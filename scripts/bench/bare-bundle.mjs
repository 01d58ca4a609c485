// A bundle for crun made by hand, of the host's own static busybox: the least that a container can cost.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

/** Gives the command that runs `true` in a container with the id it is given; as root, or in a user namespace. */
export function openBareBundle(ground) {
  const dir = path.join(ground.dir, "bundle");
  const bin = path.join(dir, "rootfs", "bin");
  mkdirSync(bin, { recursive: true });
  copyFileSync("/bin/busybox", path.join(bin, "busybox"));
  chmodSync(path.join(bin, "busybox"), 0o755);
  symlinkSync("busybox", path.join(bin, "true"));
  const rootless = process.getuid() === 0 ? [] : ["--rootless"];
  const made = spawnSync("crun", ["spec", ...rootless], { cwd: dir, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`crun spec: ${made.stderr}`);
  const file = path.join(dir, "config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  config.process.args = ["true"];
  config.process.terminal = false;
  config.mounts = config.mounts.filter(({ type }) => type !== "cgroup" && type !== "cgroup2");
  writeFileSync(file, JSON.stringify(config));
  // Debian 12's crun refuses hybrid cgroups, which it sees by the filesystem there.
  const prepare =
    '[ ! -d /sys/fs/cgroup/unified ] || mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup; exec "$@"';
  const enter = process.getuid() === 0 ? ["unshare", "-m"] : ["unshare", "-Urm", "--keep-caps"];
  const crun = ["crun", "--root", path.join(ground.dir, "bare"), "--cgroup-manager=disabled"];
  return {
    command: (id) => [...enter, "sh", "-c", prepare, "sh", ...crun, "run", "--bundle", dir, id],
  };
}
