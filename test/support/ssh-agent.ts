import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A key pair that ssh-keygen has made. */
export interface SshKey {
  readonly file: string;
  /** As the wire has it. */
  readonly blob: Buffer;
  /** `TYPE BASE64`. */
  readonly text: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

/** Runs a program to its end: as this process's user, or as somebody else (`Person.run`). */
type Run = (argv: readonly string[]) => { readonly status: number | null; readonly stdout: string };

function runSelf([file = "", ...args]: readonly string[]): ReturnType<Run> {
  return spawnSync(file, args, { encoding: "utf8", input: "" });
}

function mustRun(run: Run, argv: readonly string[]): string {
  const { status, stdout } = run(argv);
  if (status !== 0) throw new Error(`${argv.join(" ")}: exit ${status}`);
  return stdout;
}

/** Makes a key pair without a passphrase. */
export function makeSshKey(file: string, type = "ed25519", run: Run = runSelf): SshKey {
  const bits = type === "rsa" ? ["-b", "2048"] : [];
  const words = ["-q", "-t", type, ...bits, "-N", "", "-C", "secret comment", "-f", file];
  mustRun(run, ["ssh-keygen", ...words]);
  const [name = "", encoded = ""] = readFileSync(`${file}.pub`, "utf8").split(" ");
  const fingerprint = mustRun(run, ["ssh-keygen", "-l", "-f", `${file}.pub`]).split(" ")[1] ?? "";
  const blob = Buffer.from(encoded, "base64");
  return { file, blob, text: `${name} ${encoded}`, fingerprint };
}

/** A real ssh-agent; ended on disposal. */
export interface RealSshAgent extends Disposable {
  readonly socket: string;
}

/** Starts one with `keys`; `dir` is where its socket goes. */
export function startSshAgent(
  dir: string,
  keys: readonly SshKey[],
  run: Run = runSelf,
): RealSshAgent {
  const socket = path.join(dir, "agent.sock");
  const [, pid = ""] =
    /SSH_AGENT_PID=(\d+)/.exec(mustRun(run, ["ssh-agent", "-s", "-a", socket])) ?? [];
  for (const { file } of keys)
    mustRun(run, ["env", `SSH_AUTH_SOCK=${socket}`, "ssh-add", "-q", file]);
  return { socket, [Symbol.dispose]: () => void process.kill(Number(pid)) };
}

/** Ends with this process. Where somebody else took the port meanwhile it ends, and is started once more. */
async function startAtFreePort(words: readonly string[]) {
  for (;;) {
    const port = await findPort();
    const argv = ["--pdeathsig", "TERM", ...words, "-p", String(port)];
    const child = spawn("setpriv", argv, { stdio: "ignore" });
    while (child.exitCode === null && !(await canConnect(port))) await delay(20);
    if (child.exitCode === null) return { child, port };
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** A real sshd on loopback, as this process's user, who may log in with `authorized`. */
export interface SshServer extends Disposable {
  readonly port: number;
  readonly user: string;
  readonly hostKey: SshKey;
  /** What it has logged. */
  log(): string;
}

/** Starts one, which proves itself by a key of this type. */
export async function startSshServer(
  authorized: readonly SshKey[],
  hostKeyType = "ed25519",
): Promise<SshServer> {
  const dir = mkdtempSync(path.join(tmpdir(), "sbx-sshd-"));
  chmodSync(dir, 0o755);
  // Where root's sshd locks itself in. It stays: another test may have one too.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const at = (name: string): string => path.join(dir, name);
  const hostKey = makeSshKey(at("host"), hostKeyType);
  writeFileSync(at("authorized"), authorized.map(({ text }) => `${text}\n`).join(""));
  const settings = [
    ...["ListenAddress 127.0.0.1", `HostKey ${hostKey.file}`, "UsePAM no"],
    ...[`AuthorizedKeysFile ${at("authorized")}`, "StrictModes no", "PasswordAuthentication no"],
    ...[
      "KbdInteractiveAuthentication no",
      "PermitRootLogin yes",
      `PidFile none`,
      "LogLevel VERBOSE",
    ],
    "AllowAgentForwarding yes",
  ];
  writeFileSync(at("config"), `${settings.join("\n")}\n`);
  const words = ["/usr/sbin/sshd", "-D", "-f", at("config"), "-E", at("log")];
  const { child, port } = await startAtFreePort(words);
  return {
    ...{ port, hostKey, user: userInfo().username },
    log: () => readFileSync(at("log"), "utf8"),
    [Symbol.dispose]: () => {
      child.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function findPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
