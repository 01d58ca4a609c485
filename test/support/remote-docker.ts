import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, connect as dial } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { removeTree } from "../../src/host/remove-tree.js";
import { startDockerd } from "./start-dockerd.js";

/** A daemon that sees nothing of this machine's homes and temporary files, over TCP with TLS and over ssh, both on loopback. */
export interface RemoteDocker extends AsyncDisposable {
  /** `tcp://127.0.0.1:…` */
  readonly address: string;
  /** `ssh://root@127.0.0.1:…` */
  readonly ssh: string;
  /** Where it can be reached without either: for a look at what it holds. */
  readonly socket: string;
  /** All that it keeps. */
  readonly dir: string;
  /** DOCKER_TLS_VERIFY and DOCKER_CERT_PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** For `/root/.ssh`: an identity that the ssh server takes, and its host key. */
  readonly sshHome: string;
  docker(args: readonly string[], input?: Uint8Array): string;
}

/** Directories of which the daemon has empty ones of its own. */
const ELSEWHERE = ["/root", "/home", "/tmp", "/work", "/srv"];
const HIDE = `for dir in ${ELSEWHERE.join(" ")}; do [ ! -d $dir ] || mount -t tmpfs tmpfs $dir; done; exec "$@"`;
const PREFIX = ["unshare", "--mount", "--propagation", "slave", "sh", "-c", HIDE, "sh"];

/** Opens one. Root only. */
export async function openRemoteDocker(): Promise<RemoteDocker> {
  const dir = mkdtempSync("/var/tmp/sbx-remote-");
  const certs = makeCertificates(dir);
  const port = await findPort();
  const tls = ["ca", "cert", "key"].map((name) => `--tls${name}=${certs.server}/${name}.pem`);
  const args = ["--host", `tcp://127.0.0.1:${port}`, "--tlsverify", ...tls].map((arg) =>
    arg.replace("--tlsca=", "--tlscacert="),
  );
  const daemon = await startDockerd({ dir, prefix: PREFIX, args });
  const sshd = await startSshd(dir, daemon.address);
  return {
    ...{ dir, socket: daemon.socket, address: `tcp://127.0.0.1:${port}` },
    ...{ ssh: `ssh://root@127.0.0.1:${sshd.port}`, sshHome: sshd.home },
    env: { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certs.client },
    docker: (words, input) =>
      run(["docker", "-H", daemon.address, ...words], ...(input === undefined ? [] : [input])),
    [Symbol.asyncDispose]: async () => {
      await sshd.stop();
      await daemon.stop();
      removeTree(dir);
    },
  };
}

/** An authority, a server for 127.0.0.1 and a client, each with the names that Docker's CLI expects in a directory. */
function makeCertificates(dir: string): { readonly server: string; readonly client: string } {
  const at = (name: string): string => path.join(dir, name);
  const [server, client] = [at("server"), at("client")];
  for (const made of [server, client]) mkdirSync(made, { mode: 0o700 });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const authority = ["-subj", "/CN=sandbox test", "-keyout", at("ca.key"), "-out", at("ca.pem")];
  run(["openssl", "req", "-x509", ...key, "-days", "2", ...authority]);
  const uses = { [server]: "serverAuth", [client]: "clientAuth" };
  for (const [place, use] of Object.entries(uses)) {
    const [request, extensions] = [path.join(place, "csr"), path.join(place, "ext")];
    run([
      "openssl",
      "req",
      ...key,
      "-subj",
      `/CN=${use}`,
      "-keyout",
      `${place}/key.pem`,
      "-out",
      request,
    ]);
    writeFileSync(extensions, `subjectAltName=IP:127.0.0.1\nextendedKeyUsage=${use}\n`);
    const signer = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2"];
    const files = ["-in", request, "-extfile", extensions, "-out", `${place}/cert.pem`];
    run(["openssl", "x509", "-req", ...signer, ...files]);
    copyFileSync(at("ca.pem"), `${place}/ca.pem`);
  }
  return { server, client };
}

/** An ssh server for root, whose `docker` is the daemon at `address`. */
async function startSshd(
  dir: string,
  address: string,
): Promise<{ readonly port: number; readonly home: string; readonly stop: () => Promise<void> }> {
  const port = await findPort();
  const home = path.join(dir, "ssh-home");
  mkdirSync(home, { mode: 0o700 });
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  for (const file of [`${home}/id_ed25519`, `${dir}/host_key`])
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file]);
  copyFileSync(`${home}/id_ed25519.pub`, `${dir}/authorized_keys`);
  const hostKey = readFileSync(`${dir}/host_key.pub`, "utf8");
  writeFileSync(`${home}/known_hosts`, `[127.0.0.1]:${port} ${hostKey}`);
  const config = [
    ...[`Port ${port}`, "ListenAddress 127.0.0.1", `HostKey ${dir}/host_key`, "PidFile none"],
    ...[`AuthorizedKeysFile ${dir}/authorized_keys`, "StrictModes no", "UsePAM no"],
    ...["PasswordAuthentication no", "PermitRootLogin yes", `SetEnv DOCKER_HOST=${address}`],
  ];
  writeFileSync(`${dir}/sshd_config`, `${config.join("\n")}\n`);
  // It ends with the process that started it, as the daemon does.
  const sshd = ["--pdeathsig", "TERM", "/usr/sbin/sshd", "-D", "-e", "-f", `${dir}/sshd_config`];
  const child = spawn("setpriv", sshd, { stdio: "ignore" });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await waitForPort(port);
  return {
    port,
    home,
    stop: async () => {
      child.kill();
      await gone;
    },
  };
}

function findPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function waitForPort(port: number): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = dial(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isOpen) return;
    await delay(20);
  }
  throw new Error(`nothing listens on ${port}`);
}

function run(
  [file = "", ...args]: readonly string[],
  input: Uint8Array = new Uint8Array(),
): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    input,
    timeout: 120_000,
    maxBuffer: 256 << 20,
  });
  if (status !== 0) throw new Error(`${file} ${args.join(" ")}: ${String(error ?? "")}${stderr}`);
  return stdout.toString().trim();
}
