// The egress gateway on the loopback, without an engine: throughput of a download, what a request takes longer, and
// many connections at once with the gateway's own memory. Gateway, server and client are processes of their own.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { get } from "node:http";
import { connect } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildModule } from "./build-module.mjs";
import { interleave, median, memoryRow, time } from "./measure.mjs";

const DOWNLOAD = 1 << 30;
const ROUNDS = 5;
const REQUESTS = 500;
const CONNECTIONS = 500;
const EACH = 1 << 20;

const GATEWAY = `
import koffi from "koffi";
import { openGateway } from "../network/open-gateway.js";
const libc = koffi.load(null);
const socket = libc.func("int socket(int domain, int type, int protocol)");
const bind = libc.func("int bind(int fd, const void *address, unsigned int length)");
const listen = libc.func("int listen(int fd, int backlog)");
const base = Number(process.argv[2]);
const gateway = openGateway({
  decide: async () => ({ decision: "allow", mayBePrivate: true, inspect: false }),
  onEnd: () => undefined,
  mayResolve: () => false,
  directPorts: [],
  forbidden: [],
  ports: { http: base, socks: base + 1, dns: base + 2, plain: 80, tls: 443 },
});
gateway.adopt(gateway.listeners.map(({ protocol, port }) => {
  const fd = socket(2, protocol === "tcp" ? 1 : 2, 0);
  const address = Buffer.from([2, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (bind(fd, address, 16) !== 0 || (protocol === "tcp" && listen(fd, 1024) !== 0)) process.exit(1);
  return fd;
}));
process.stdin.resume().once("end", () => process.exit(0));
process.stdout.write("ready\\n");
`;

export async function gatewayRows(ground) {
  return [await startRow(ground), ...(await loopbackRows(ground))];
}

/** The whole program, with an allowlist and without a network. */
async function startRow(ground) {
  const workspace = ground.makeDir("echo a > a");
  const run = (...more) =>
    ground.sandbox("run", "--commit", "never", "--dir", workspace, ...more, "--", "true");
  const ms = await interleave(20, {
    without: () => run(),
    allowlist: () => run("--allow", "localhost:9"),
  });
  const added = ms.allowlist - ms.without;
  return {
    row: "gateway-start",
    what: `what a run with an allowlist starts later than one without network, ${ms.without.toFixed(0)} ms`,
    ours: added,
    unit: "ms",
    target: 60,
    met: added <= 60,
  };
}

async function loopbackRows(ground) {
  const [key, cert] = [path.join(ground.dir, "key.pem"), path.join(ground.dir, "cert.pem")];
  time([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    ...["-nodes", "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", cert],
  ]);
  const here = path.dirname(fileURLToPath(import.meta.url));
  const server = await start([path.join(here, "gateway-server.mjs"), key, cert]);
  const [port, tlsPort] = server.said.split(" ").map(Number);
  const http = 20_000 + (process.pid % 20_000);
  const gateway = await start([await buildModule("gateway", GATEWAY), String(http)]);
  const at = { port, tlsPort, http };
  try {
    const rows = [
      await throughputRow("gateway-tls", "1 GiB of TLS through CONNECT", {
        url: `https://127.0.0.1:${tlsPort}`,
        http,
      }),
      await throughputRow("gateway-plain", "1 GiB of plain HTTP", {
        url: `http://127.0.0.1:${port}`,
        http,
      }),
      await latencyRow(at),
    ];
    return [...rows, ...(await crowdRows(at, gateway.pid))];
  } finally {
    await Promise.all([gateway.end(), server.end()]);
  }
}

/** The same download with and without the gateway; the share of the direct one's speed that is left. */
async function throughputRow(row, what, { url, http }) {
  const download = (...more) =>
    time(["curl", "-ksS", "-o", "/dev/null", ...more, `${url}/${DOWNLOAD}`]);
  const { direct, through } = await interleave(ROUNDS, {
    direct: () => download(),
    through: () => download("-x", `http://127.0.0.1:${http}`),
  });
  const speed = (DOWNLOAD / 2 ** 20 / (direct / 1000)).toFixed(0);
  const share = (100 * direct) / through;
  return {
    row,
    what: `${what}: its speed as a share of the direct one's, ${speed} MiB/s`,
    ours: share,
    unit: "%",
    target: 60,
    met: share >= 60,
  };
}

/** Each request on a connection of its own: what a short-lived client meets. */
async function latencyRow({ port, http }) {
  const direct = [];
  const through = [];
  for (let round = -50; round < REQUESTS; round++)
    for (const [times, options] of [
      [direct, { port, path: "/10" }],
      [
        through,
        { port: http, path: `http://127.0.0.1:${port}/10`, headers: { host: `127.0.0.1:${port}` } },
      ],
    ]) {
      const milliseconds = await timeRequest(options);
      if (round >= 0) times.push(milliseconds);
    }
  const added = median(through) - median(direct);
  return {
    row: "gateway-latency",
    what: "what a request takes longer, at the median, each on a new connection",
    ours: added * 1000,
    unit: "µs",
    target: 3000,
    met: added <= 3,
  };
}

function timeRequest(options) {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", agent: false, ...options }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
      response.resume().once("end", () => resolve(performance.now() - started));
    }).once("error", reject);
  });
}

/** Many tunnels open at once, each with a download that its client reads slowly at first: all of them must come through. */
async function crowdRows({ port, http }, pid) {
  const started = performance.now();
  const received = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => downloadOnce({ port, http })),
  );
  const complete = received.filter((bytes) => bytes >= EACH).length;
  const peak = readPeak(pid);
  return [
    {
      row: "gateway-crowd",
      what: `of ${CONNECTIONS} connections at once with 1 MiB each that came through, in ${((performance.now() - started) / 1000).toFixed(1)} s`,
      ours: complete,
      unit: "of them",
      target: CONNECTIONS,
      met: complete === CONNECTIONS,
    },
    memoryRow("gateway-memory", "the gateway's peak memory in all of these rows", peak, 150),
  ];
}

async function downloadOnce({ port, http }) {
  const socket = connect(http, "127.0.0.1");
  socket.write(`CONNECT 127.0.0.1:${port} HTTP/1.0\r\n\r\n`);
  await once(socket, "readable");
  socket.write(`GET /${EACH} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
  // Nobody reads until the slowest has asked: what is under way fills every buffer there is.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  await once(socket, "close");
  return bytes;
}

/** MiB. */
function readPeak(pid) {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line[1]) / 1024;
}

/** A Node of its own with the program's flags, once it has said its first line. It ends with its stdin. */
async function start(args) {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const child = spawn(process.execPath, ["--max-semi-space-size=4", ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env,
  });
  const [said] = await once(child.stdout, "data");
  return {
    pid: child.pid,
    said: String(said).trim(),
    end: async () => {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}
