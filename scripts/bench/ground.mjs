// Where the bench works: as root a fresh ext4 with a journal on a loop device (an old or journal-less filesystem gives
// other figures), else a temporary directory. All of it is gone afterwards.
import { spawnSync } from "node:child_process";
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { time } from "./measure.mjs";

export const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
export const launcher = path.join(root, "sandbox");
const program = path.join(root, "dist", "sandbox", "start.cjs");
/** As the launcher has it. */
const launched = ["--max-semi-space-size=4", program];
const hook = path.join(root, "scripts", "bench", "usage.cjs");

export function openGround() {
  const base = mkdtempSync(path.join(tmpdir(), "sandbox-bench-"));
  const dir = path.join(base, "ground");
  mkdirSync(dir);
  const isMounted = process.getuid() === 0 && mountFresh(path.join(base, "image"), dir);
  const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
  const env = {
    ...inherited,
    SANDBOX_HOME: path.join(dir, "state"),
    SANDBOX_NO_SETUP: "1",
    NO_COLOR: "1",
  };
  let made = 0;
  return {
    dir,
    env,
    filesystem: isMounted ? "fresh ext4 on a loop device" : `the filesystem of ${tmpdir()}`,
    /** A new directory, and a file or tree in it by a shell command run there. */
    makeDir(command) {
      const made_ = path.join(dir, `d${made++}`);
      mkdirSync(made_);
      if (command !== undefined) time(["sh", "-c", command], { cwd: made_, env });
      return made_;
    },
    /** The directory `name`, made where it is not there; not root's own, which engines treat otherwise. */
    workspace(name) {
      const there = path.join(dir, name);
      mkdirSync(there, { recursive: true });
      if (process.getuid() === 0) chownSync(there, 1000, 1000);
      return there;
    },
    /** Runs a task on a workspace and gives its session's record. */
    session(workspace, argv) {
      const args = ["run", "--json", "--commit", "never", "--dir", workspace, "--", ...argv];
      const result = spawnSync(launcher, args, { env, encoding: "utf8", maxBuffer: 1 << 28 });
      if (result.status !== 0)
        throw new Error(`sandbox ${args.join(" ")}: exit ${result.status}: ${result.stderr}`);
      return readSession(path.join(dir, "state"), JSON.parse(result.stdout).session);
    },
    sandbox: (...args) => time([launcher, ...args], { env }),
    /** What the program's own process took: `ms`, and what `usage.cjs` says. */
    sandboxUsage: (...args) => usageOf([...launched, ...args], env, base),
    /** Peak memory in MiB of the program's own process. */
    sandboxPeak: (...args) => usageOf([...launched, ...args], env, base).peakKib / 1024,
    nodePeak: (...args) => usageOf(args, env, base).peakKib / 1024,
    /** The record of a session that is there. */
    readSession: (id) => readSession(path.join(dir, "state"), id),
    commitDir: (id) => path.join(dir, "state", "commits", id),
    settle: () => time(["sync", "-f", dir]),
    remove() {
      // Lazily where something is still ending in there.
      if (isMounted && spawnSync("umount", [dir]).status !== 0)
        spawnSync("umount", ["--lazy", dir]);
      rmSync(base, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function readSession(home, id) {
  return JSON.parse(readFileSync(path.join(home, "sessions", id, "session.json"), "utf8"));
}

function usageOf(args, env, base) {
  const file = path.join(base, "usage");
  const ms = time([process.execPath, "--require", hook, ...args], {
    env: { ...env, BENCH_USAGE: file },
  });
  return { ms, ...JSON.parse(readFileSync(file, "utf8")) };
}

function mountFresh(image, dir) {
  writeFileSync(image, "");
  truncateSync(image, 24 * 1024 ** 3);
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const run = (file, args) => spawnSync(file, args, { env }).status === 0;
  return (
    run("mkfs.ext4", [
      "-q",
      "-N",
      "1000000",
      "-E",
      "lazy_itable_init=0,lazy_journal_init=0",
      image,
    ]) && run("mount", ["-o", "loop", image, dir])
  );
}
