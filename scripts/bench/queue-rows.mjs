// The service: how fast it accepts actions, with few and with many waiting, and what it costs while nothing happens.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { launcher } from "./ground.mjs";

const AT_ONCE = 32;
const MANY = 10_000;
const BATCH = 1000;
const IDLE_MS = 10_000;
/** Clock ticks a second: 100 on every Linux that Node runs on (sysconf(3), _SC_CLK_TCK). */
const TICKS = 100;

export async function queueRows(ground) {
  const child = spawn(launcher, ["serve"], {
    env: ground.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [said] = await once(child.stdout, "data");
    const socket = /listening at (\S+)/.exec(String(said))[1];
    const idle = await measureIdle(child.pid);
    // Wants the whole machine, and keeps it: whatever comes behind waits.
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    const cwd = ground.workspace("queued");
    const submit = (command, cpus) => post(agent, socket, toAction(cwd, command, cpus));
    await submit(["sleep", "1000"], "512");
    await timeBatch(submit);
    const before = ticksOf(child.pid);
    const few = await timeBatch(submit);
    const spent = (ticksOf(child.pid) - before) / TICKS;
    for (let waiting = 2 * BATCH; waiting < MANY; waiting += BATCH) await timeBatch(submit);
    const many = await timeBatch(submit);
    agent.destroy();
    const waiting = Number(/^sandbox_queue_waiting (\d+)$/m.exec(await get(socket, "/metrics"))[1]);
    if (waiting !== MANY + BATCH) throw new Error(`${waiting} wait: something else was measured`);
    return [...toRows(few, many), toSpentRow(spent), ...idle];
  } finally {
    child.kill("SIGKILL");
  }
}

function toRows(few, many) {
  const perSecond = Math.round(BATCH / (few / 1000));
  return [
    {
      row: "queue-accept",
      what: "actions a second that the service accepts, each durable",
      ours: perSecond,
      unit: "/s",
      target: 1000,
      met: perSecond >= 1000,
    },
    {
      row: "queue-many",
      what: `accepting ${BATCH} with ${MANY} waiting / with ${BATCH} waiting`,
      ours: many,
      baseline: few,
      unit: "ms",
      ratio: many / few,
      target: 1.5,
      met: many / few <= 1.5,
    },
  ];
}

/** On a busy machine the other figures say more about that than about us. */
function toSpentRow(seconds) {
  const ms = (seconds * 1000) / BATCH;
  return {
    row: "queue-accept-cpu",
    what: "processor time to accept one action",
    ours: ms * 1000,
    unit: "µs",
    target: 1000,
    met: ms <= 1,
  };
}

function toAction(cwd, command, cpus) {
  const lists = { dirs: [], env: [], readOnly: [], hide: [], tools: [] };
  const request = { kind: "run", cwd, path: "/usr/bin:/bin", command, cpus, commit: "never" };
  return JSON.stringify({ request: { ...request, ...lists } });
}

async function timeBatch(submit) {
  let left = BATCH;
  const started = performance.now();
  const work = async () => {
    while (left-- > 0) await submit(["true"], "1");
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return performance.now() - started;
}

async function post(agent, socketPath, body) {
  await new Promise((resolve, reject) => {
    const headers = {
      host: "localhost",
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const o = { agent, socketPath, method: "POST", path: "/v1/actions", headers };
    const sent = request(o, (response) => {
      response.resume();
      response.once("end", resolve);
      if (response.statusCode !== 202)
        reject(new Error(`the service answered ${response.statusCode}`));
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

async function get(socketPath, path) {
  return await new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, headers: { host: "localhost" } }, (response) => {
      text(response).then(resolve, reject);
    });
    sent.once("error", reject);
    sent.end();
  });
}

async function measureIdle(pid) {
  await delay(1000);
  const before = ticksOf(pid);
  await delay(IDLE_MS);
  const ms = ((ticksOf(pid) - before) * 1000) / TICKS;
  const mib =
    Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
  return [
    {
      row: "queue-idle",
      what: "resident memory of an idle service",
      ours: mib,
      unit: "MiB",
      target: 90,
      met: mib <= 90,
    },
    {
      row: "queue-idle-cpu",
      what: `processor time of an idle service in ${IDLE_MS / 1000} s`,
      ours: ms,
      unit: "ms",
      target: 50,
      met: ms <= 50,
    },
  ];
}

/** utime and stime of proc(5) `stat`, fields 14 and 15. */
function ticksOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
