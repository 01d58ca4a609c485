import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { createInterface } from "node:readline";

/** Servers of the host that a task must not reach, and addresses beyond that nobody may. */
export interface HostServers extends AsyncDisposable {
  /** Python that tries all of them, and says which it reached. */
  readonly script: string;
  /** How many that are, and how many of them are servers. */
  readonly tries: number;
  readonly servers: number;
  /** What the script says on the host, of the servers. */
  runOutside(): Promise<string>;
  /** Which were reached, by what the script said. Throws where it did not try as many. */
  readReached(stdout: string, tries: number): readonly string[];
}

/** Python: one server for each way, which says the port of each, and then serves until it is killed. */
const SERVE = `
import socket, select
NAME = "\\0sbx-net-${process.pid}"
servers = []
def listen(family, kind, address):
  s = socket.socket(family, kind)
  s.bind(address)
  if kind == socket.SOCK_STREAM: s.listen(64)
  servers.append(s)
  return s
tcp = listen(socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0))
udp = listen(socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 0))
try: six = listen(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)).getsockname()[1]
except OSError: six = 0
listen(socket.AF_UNIX, socket.SOCK_STREAM, NAME)
print(tcp.getsockname()[1], udp.getsockname()[1], six, flush=True)
while True:
  for s in select.select(servers, [], [])[0]:
    if s.type == socket.SOCK_DGRAM: s.sendto(b"host", s.recvfrom(99)[1])
    else:
      c = s.accept()[0]; c.send(b"host"); c.close()`;

/** How, where, and the port. */
type Try = readonly [how: "tcp" | "udp" | "six" | "unix", address: string, port: number];

/** Starts them, for the user who runs the tests. */
export async function openHostServers(): Promise<HostServers> {
  const server = spawn("/usr/bin/python3", ["-c", SERVE], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface(server.stdout), "line")) as [string];
  const [tcp = 0, udp = 0, six = 0] = line.split(" ").map(Number);
  const addresses = ["127.0.0.1", ...listAddresses()];
  const own: readonly Try[] = [
    ...addresses.map((address): Try => ["tcp", address, tcp]),
    ...addresses.map((address): Try => ["udp", address, udp]),
    // A host need not have IPv6.
    ...(six === 0 ? [] : [["six", "::1", six] as const]),
    ["unix", `sbx-net-${process.pid}`, 0],
  ];
  const beyond: readonly Try[] = [
    ["tcp", "169.254.169.254", 80],
    ["tcp", "192.0.2.1", 443],
    ["udp", "192.0.2.1", 53],
    ["six", "2001:db8::1", 443],
  ];
  return {
    script: toScript([...own, ...beyond]),
    tries: own.length + beyond.length,
    servers: own.length,
    runOutside: () => runOutside(toScript(own)),
    readReached,
    [Symbol.asyncDispose]: () => end(server),
  };
}

/** Addresses by which others reach this host. */
function listAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map(({ address }) => address);
}

function toScript(tries: readonly Try[]): string {
  return `
import socket, json
KINDS = {"tcp": (socket.AF_INET, socket.SOCK_STREAM), "udp": (socket.AF_INET, socket.SOCK_DGRAM), "six": (socket.AF_INET6, socket.SOCK_STREAM), "unix": (socket.AF_UNIX, socket.SOCK_STREAM)}
for how, address, port in json.loads("""${JSON.stringify(tries)}"""):
  try:
    s = socket.socket(*KINDS[how]); s.settimeout(2)
    s.connect("\\0" + address if how == "unix" else (address, port))
    if how == "udp": s.send(b"x")
    print(how, address, port, s.recv(99).decode() or "nothing")
  except OSError: print(how, address, port, "no")`;
}

async function runOutside(script: string): Promise<string> {
  const child = spawn("/usr/bin/python3", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function readReached(stdout: string, tries: number): readonly string[] {
  const lines = stdout.split("\n").filter((line) => line !== "");
  if (lines.length !== tries) throw new Error(`${tries} tries were to be made: ${stdout}`);
  return lines.filter((line) => !line.endsWith(" no"));
}

async function end(server: ChildProcess): Promise<void> {
  server.kill("SIGKILL");
  await once(server, "exit");
}
