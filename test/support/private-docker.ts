import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readProcessStamp } from "../../src/host/process-stamp.js";
import { removeTree } from "../../src/host/remove-tree.js";
import { endLeftovers, startDockerd } from "./start-dockerd.js";
import { openTempDir } from "./temp-tree.js";

/** A small image that is there: a static busybox with all its names in /bin. */
export const BUSYBOX = "sbx-test/busybox:1";

/** A Docker daemon of the tests' own, with the runtimes runc and runsc, and the image `BUSYBOX`. */
export interface PrivateDocker extends AsyncDisposable {
  /** `unix:///…` */
  readonly address: string;
  readonly socket: string;
  /** The daemon's process: a test may look at its mounts. Undefined for the daemon of the whole run. */
  readonly pid: number | undefined;
  /** What a program needs in its environment to use this daemon. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs Docker's own CLI and returns its output, trimmed. Throws where it fails. */
  docker(args: readonly string[], input?: Uint8Array): string;
  /** Lets a user use the daemon (by ACL on its socket): as if in the docker group. Root only. */
  admit(uid: number): void;
}

/** Address of the daemon that `scripts/test.sh` started for the whole run. */
const SHARED = "SANDBOX_TEST_DOCKER";
const PREFIX = "sbx-docker-";

/**
 * Why no private daemon can be had, or false: for `skip`. Where a machine judges (CI=true) it never says so: there the
 * tests fail instead.
 */
export function skipWithoutDocker(): string | false {
  if (process.env["CI"] === "true") return false;
  return findProblem() ?? false;
}

function findProblem(): string | undefined {
  if (process.env[SHARED] !== undefined) return undefined;
  if (process.getuid?.() !== 0) return `only root can start a daemon, and ${SHARED} names none`;
  const missing = ["dockerd", "docker", "runc", "runsc", "busybox"].filter(
    (name) => findProgram(name) === undefined,
  );
  return missing.length === 0 ? undefined : `${missing.join(", ")} not installed`;
}

/** The daemon of this run (`SANDBOX_TEST_DOCKER`), which stays; else a new one, which disposal stops and removes. */
export async function openPrivateDocker(): Promise<PrivateDocker> {
  const problem = findProblem();
  if (problem !== undefined) throw new Error(`no private Docker daemon: ${problem}`);
  const shared = process.env[SHARED];
  if (shared !== undefined) return toDocker(shared, undefined, async () => {});
  return openOwnDocker();
}

/** A new daemon in any case, for tests that stop it or look at all it holds. Root only. */
export async function openOwnDocker(): Promise<PrivateDocker> {
  removeStaleDaemons();
  const dir = makeDaemonDir();
  try {
    const daemon = await startDockerd({ dir });
    const docker = toDocker(daemon.address, daemon.pid, async () => {
      await daemon.stop();
      removeTree(dir);
    });
    importBusyboxInto(docker.docker);
    return docker;
  } catch (error) {
    endLeftovers(dir);
    removeTree(dir);
    throw error;
  }
}

/** A directory for a daemon that ends with this process: `removeStaleDaemons` of a later one removes it if need be. */
function makeDaemonDir(): string {
  const dir = mkdtempSync(path.join(tmpdir(), PREFIX));
  chmodSync(dir, 0o711);
  writeFileSync(path.join(dir, "owner"), JSON.stringify(readProcessStamp()));
  return dir;
}

/** Ends and removes daemons of test processes that are gone. */
function removeStaleDaemons(): void {
  for (const name of readdirSync(tmpdir())) {
    const dir = path.join(tmpdir(), name);
    if (!name.startsWith(PREFIX) || hasOwner(dir)) continue;
    endLeftovers(dir);
    spawnSync("umount", ["--recursive", "--lazy", dir]);
    removeTree(dir);
  }
}

/** One that was just made has none yet, but is no older than the machine is slow: it counts as owned. */
function hasOwner(dir: string): boolean {
  const file = path.join(dir, "owner");
  if (!existsSync(file)) return true;
  const { pid, startTime } = JSON.parse(readFileSync(file, "utf8"));
  return readProcessStamp(pid)?.startTime === startTime;
}

function toDocker(
  address: string,
  pid: number | undefined,
  dispose: () => Promise<void>,
): PrivateDocker {
  const socket = address.replace(/^unix:\/\//, "");
  const env = { DOCKER_HOST: address };
  return {
    address,
    socket,
    pid,
    env,
    docker: (args, input) =>
      run([findProgram("docker") ?? "docker", ...args], { ...process.env, ...env }, input),
    admit: (uid) => void run(["setfacl", "-m", `u:${uid}:rw`, socket], process.env),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Debian's own programs first: another `docker` on the PATH may be of another age. */
function findProgram(name: string): string | undefined {
  return ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"]
    .map((directory) => path.join(directory, name))
    .find((file) => existsSync(file));
}

function run(
  [file = "", ...rest]: readonly string[],
  env: NodeJS.ProcessEnv,
  input: Uint8Array = new Uint8Array(),
): string {
  const options = { env, input, timeout: 120_000, maxBuffer: 256 << 20 };
  const { status, stdout, stderr, error } = spawnSync(file, rest, options);
  if (status !== 0)
    throw new Error(`${file} ${rest.join(" ")}: ${String(error ?? "")}${String(stderr)}`);
  return stdout.toString().trim();
}

/** Imports the image `BUSYBOX` by a docker CLI. */
export function importBusyboxInto(docker: PrivateDocker["docker"]): void {
  using tree = openTempDir();
  const bin = path.join(tree.path, "bin");
  for (const name of ["bin", "etc", "tmp", "root"]) mkdirSync(path.join(tree.path, name));
  chmodSync(path.join(tree.path, "tmp"), 0o1777);
  const busybox = findProgram("busybox") ?? "busybox";
  copyFileSync(busybox, path.join(bin, "busybox"));
  for (const name of run([busybox, "--list"], process.env).split("\n"))
    if (name !== "busybox") symlinkSync("busybox", path.join(bin, name));
  writeFileSync(path.join(tree.path, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(path.join(tree.path, "etc/group"), "root:x:0:\n");
  const order = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"];
  const archive = spawnSync("tar", ["-c", ...order, "-C", tree.path, "."], { maxBuffer: 64 << 20 });
  docker(["import", "-c", "ENV PATH=/bin", "-c", 'CMD ["/bin/sh"]', "-", BUSYBOX], archive.stdout);
}
