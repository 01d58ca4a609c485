import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { PassThrough, Writable } from "node:stream";
import { SandboxError } from "../../core/error.js";
import type { SandboxSpec } from "../../core/sandbox-spec.js";
import type { Check, Engine } from "../engine.js";

/** An ordinary id for the probe's task where root asks. */
const PROBE_ID = 54_321;
const TIMEOUT_MS = 20_000;

/**
 * What the task says of itself: one `name value` a line. gVisor calls itself Linux 4.4.0; its status says nothing of new
 * privileges, which it never gives (its prctl(2) says 1).
 */
const SCRIPT = `
case "$(cat /proc/version)" in "Linux version 4.4.0 "*) echo "no-new-privileges 1";; esac
while read -r name value rest; do case "$name" in
  Uid:) echo "uid $value";; CapEff:) echo "capabilities $value";; CapBnd:) echo "bounding $value";;
  NoNewPrivs:) echo "no-new-privileges $value";; Seccomp:) echo "seccomp $value";;
esac; done < /proc/self/status
cat file >/dev/null && rm file && mv directory moved && echo "overlay works"
grep -c : /proc/net/dev | sed 's/^/interfaces /'
`;

/** Runs a real task in a sandbox of `engine`, with layers in `directory`, and judges what it shows. */
export async function checkSandbox(engine: Engine, directory: string): Promise<readonly Check[]> {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) return judge(await runProbe(engine, directory, "none"));
  try {
    const checks = judge(await runProbe(engine, path.join(directory, "idmapped"), "swap-root"));
    return [
      ...checks,
      { id: "idmapped-mounts", ok: true, detail: "root's files are the task's inside" },
    ];
  } catch (error) {
    const checks = judge(await runProbe(engine, path.join(directory, "plain"), "none"));
    return [...checks, noIdmap(error)];
  }
}

function noIdmap(error: unknown): Check {
  return {
    id: "idmapped-mounts",
    ok: false,
    detail: `${error instanceof Error ? error.message : String(error)}; root's own workspaces cannot be used`,
    fix: "Linux 5.19 or later and a filesystem that knows idmapped mounts (ext4, xfs, btrfs)",
  };
}

/** What the task said, and what its overlay left. */
interface Finding {
  readonly said: ReadonlyMap<string, string>;
  readonly whiteout: boolean;
}

async function runProbe(
  engine: Engine,
  directory: string,
  idmap: "none" | "swap-root",
): Promise<Finding> {
  const layers = makeLayers(directory, idmap);
  const spec = toProbeSpec(layers, idmap);
  let output = "";
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      output += chunk.toString();
      done();
    },
  });
  const sandbox = await engine.start(spec, {
    scratchDir: layers.scratch,
    sandboxId: `probe-${process.pid}`,
    io: { stdin: "none", stdout: sink, stderr: new PassThrough().resume() },
  });
  const outcome = await sandbox.wait();
  await sandbox[Symbol.asyncDispose]();
  if (outcome.outcome !== "exited")
    throw new SandboxError(
      "sandbox-unavailable",
      `a task in a sandbox: ${JSON.stringify(outcome)}`,
    );
  const said = new Map(
    output.split("\n").map((line): [string, string] => {
      const [name = "", ...value] = line.split(" ");
      return [name, value.join(" ")];
    }),
  );
  return { said, whiteout: isWhiteout(path.join(layers.upper, "file")) };
}

interface ProbeLayers {
  readonly lower: string;
  readonly upper: string;
  readonly work: string;
  readonly scratch: string;
}

function makeLayers(directory: string, idmap: "none" | "swap-root"): ProbeLayers {
  const [lower = "", upper = "", work = "", scratch = ""] = [
    "lower",
    "upper",
    "work",
    "scratch",
  ].map((name) => path.join(directory, name));
  for (const made of [lower, upper, work, scratch, path.join(lower, "directory")])
    mkdirSync(made, { recursive: true });
  writeFileSync(path.join(lower, "file"), "probe\n", { mode: 0o600 });
  if (process.getuid?.() !== 0) return { lower, upper, work, scratch };
  for (const made of [upper, work]) chownSync(made, PROBE_ID, PROBE_ID);
  if (idmap === "none")
    for (const made of [lower, path.join(lower, "file"), path.join(lower, "directory")])
      chownSync(made, PROBE_ID, PROBE_ID);
  chmodSync(directory, 0o700);
  return { lower, upper, work, scratch };
}

function toProbeSpec(layers: ProbeLayers, idmap: "none" | "swap-root"): SandboxSpec {
  const isRoot = process.getuid?.() === 0;
  const { lower, upper, work } = layers;
  return {
    argv: ["sh", "-c", SCRIPT],
    cwd: "/work",
    env: { PATH: "/usr/bin:/bin" },
    uid: isRoot ? PROBE_ID : (process.getuid?.() ?? PROBE_ID),
    gid: isRoot ? PROBE_ID : (process.getgid?.() ?? PROBE_ID),
    userName: "probe",
    home: "/home/probe",
    mounts: [{ kind: "overlay", target: "/work", lower, upper, work, idmap }],
    limits: { timeoutMs: TIMEOUT_MS },
    seccomp: "default",
    network: "none",
    terminal: false,
    hostname: "probe",
  };
}

function isWhiteout(file: string): boolean {
  const stat = existsSync(path.dirname(file))
    ? lstatSync(file, { throwIfNoEntry: false })
    : undefined;
  return stat?.isCharacterDevice() === true && stat.rdev === 0;
}

function judge({ said, whiteout }: Finding): readonly Check[] {
  const uid = said.get("uid");
  const expect = (id: string, name: string, value: string, detail: string): Check => ({
    id,
    ok: said.get(name) === value,
    detail: said.get(name) === value ? detail : `${name} is ${said.get(name) ?? "not said"}`,
  });
  return [
    {
      id: "user",
      ok: uid !== undefined,
      detail:
        uid === "0"
          ? "runc without root: the task sees itself as user 0, with no capability; crun gives it the user's own id"
          : `the task runs as ${uid}`,
    },
    expect("capabilities", "capabilities", "0000000000000000", "none"),
    expect("no-new-privileges", "no-new-privileges", "1", "set"),
    expect("seccomp", "seccomp", "2", "a filter is in force"),
    expect("network", "interfaces", "1", "loopback only"),
    judgeOverlay(said.get("overlay") === "works", whiteout),
  ];
}

function judgeOverlay(worked: boolean, whiteout: boolean): Check {
  const id = "overlay";
  if (worked && whiteout)
    return {
      id,
      ok: true,
      detail: "a file deleted, a directory moved; the host sees the whiteout",
    };
  return {
    id,
    ok: false,
    detail: worked
      ? "the host does not see the whiteout"
      : "deleting a file and moving a directory failed",
    fix: "Linux 5.11 or later, and ext4, xfs, btrfs or (6.6 or later) tmpfs under the state directory",
  };
}
