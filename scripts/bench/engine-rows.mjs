// The engine's own part (stage, mounts, runtime, waiting) against bare `crun run` of the very bundle it makes, with the
// same compiled filter, in the namespaces in which the engine calls it.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { buildModule } from "./build-module.mjs";
import { root } from "./ground.mjs";
import { interleave, ratioRow } from "./measure.mjs";

const contents = `export { openOciEngine } from "../engine/oci/open-oci-engine.js";`;

export async function engineRows(ground) {
  if (process.getuid() !== 0) return [];
  const { openOciEngine } = createRequire(import.meta.url)(
    await buildModule("bench-engine", contents),
  );
  const engine = openOciEngine({
    cacheDir: path.join(ground.dir, "cache"),
    profilesDir: path.join(root, "profiles"),
    runtime: "crun",
  });
  const measured = openStarter(ground, engine, "measured");
  await measured.time(["true"]);
  // While a second sandbox sleeps, its bundle is there to be run again by hand.
  const sleeping = await openStarter(ground, engine, "sleeping").start(["sleep", "300"]);
  const bare = openBareRuntime();
  try {
    const ms = await interleave(30, { engine: () => measured.time(["true"]), bare: bare.time });
    return [
      ratioRow("engine", "engine's part / bare crun run of its bundle", ms.engine, ms.bare, 2),
    ];
  } finally {
    bare.close();
    sleeping.stop("measured");
    await sleeping.wait();
    await sleeping[Symbol.asyncDispose]();
  }
}

/** Starts tasks again and again with the spec of a real session of its own. */
function openStarter(ground, engine, name) {
  const { spec, layers } = ground.session(ground.makeDir("echo a > a"), ["true"]);
  const scratchDir = path.join(ground.dir, `scratch-${name}`);
  const io = { stdin: "none", stdout: process.stderr, stderr: process.stderr };
  const prepare = () => {
    // A volatile overlay refuses a second mount while this mark is there.
    for (const { work } of layers)
      rmSync(path.join(work, "work", "incompat"), { recursive: true, force: true });
    mkdirSync(scratchDir, { recursive: true, mode: 0o700 });
  };
  const start = (argv) =>
    engine.start({ ...spec, argv }, { scratchDir, sandboxId: `bench-${name}`, io });
  return {
    start(argv) {
      prepare();
      return start(argv);
    },
    async time(argv) {
      prepare();
      const started = performance.now();
      const sandbox = await start(argv);
      const outcome = await sandbox.wait();
      const elapsed = performance.now() - started;
      await sandbox[Symbol.asyncDispose]();
      if (outcome.code !== 0) throw new Error(`the task ended with ${JSON.stringify(outcome)}`);
      return elapsed;
    },
  };
}

/** Times crun in the namespaces and on the bundle of the sandbox that sleeps: one run for each line it is sent. */
function openBareRuntime() {
  const pid = findRuntimeProcess();
  const scratch = readlinkSync(`/proc/${pid}/cwd`);
  const bundle = `/proc/${pid}/root${scratch}`;
  const config = JSON.parse(readFileSync(`${bundle}/config.json`, "utf8"));
  config.process.args = ["true"];
  writeFileSync(`${bundle}/config.json`, JSON.stringify(config));
  const crun = readlinkSync(`/proc/${pid}/exe`);
  const loop = `use Time::HiRes "time"; $| = 1; chdir shift or die;
    while (<STDIN>) {
      my $started = time;
      my $pid = fork; if (!$pid) { open STDIN, "<", "/dev/null"; open STDOUT, ">&STDERR"; exec @ARGV, "bare" . $n }
      waitpid $pid, 0; $n++;
      print $? ? "failed\\n" : 1000 * (time - $started) . "\\n";
    }`;
  const command = [
    ...[crun, "--root", `${scratch}/bare-runtime`, "--cgroup-manager=disabled"],
    ...["run", "--bundle", scratch],
  ];
  const enter = ["-t", String(pid), "-m", "-p", "--"];
  const child = spawn("nsenter", [...enter, "perl", "-e", loop, scratch, ...command], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async time() {
      child.stdin.write("\n");
      const { value, done } = await lines.next();
      if (done || value === "failed") throw new Error("bare crun run failed");
      return Number(value);
    },
    close: () => child.stdin.end(),
  };
}

/** The runtime below this process: the only crun among its descendants. */
function findRuntimeProcess() {
  const parents = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    try {
      parents.set(
        Number(pid),
        Number(
          readFileSync(`/proc/${pid}/stat`, "utf8")
            .replace(/^.*\) \S+ /s, "")
            .split(" ")[0],
        ),
      );
    } catch {} // It ended meanwhile.
  const isOurs = (pid) => pid === process.pid || (pid > 1 && isOurs(parents.get(pid) ?? 0));
  const found = [...parents.keys()].find(
    (pid) => pid !== process.pid && isOurs(pid) && exeOf(pid).endsWith("/crun"),
  );
  if (found === undefined) throw new Error("no crun below the bench");
  return found;
}

function exeOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return "";
  }
}
