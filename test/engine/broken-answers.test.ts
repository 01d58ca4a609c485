import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import path from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../../src/core/error.js";
import { findDaemon } from "../../src/engine/docker/find-daemon.js";
import { type Daemon, openDaemon } from "../../src/engine/docker/open-daemon.js";
import { removeContainer } from "../../src/engine/docker/remove-container.js";
import { connect } from "../support/carried-case.js";
import { openTempDir } from "../support/temp-tree.js";

/** A daemon that answers everything but a ping with `answer`. */
async function withDaemon(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
  use: (daemon: Daemon) => Promise<void>,
): Promise<void> {
  using dir = openTempDir();
  const socket = path.join(dir.path, "docker.sock");
  const server = createServer((request, response) => {
    if (!(request.url ?? "").endsWith("/_ping")) return answer(response, request);
    response.setHeader("Api-Version", "1.41").end("OK");
  }).listen(socket);
  await once(server, "listening");
  try {
    await use(await connect(`unix://${socket}`));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const WAIT = { method: "POST", path: "/containers/x/wait", doing: "wait for the task" } as const;
/** A promise that never settles must fail the test; the server keeps this process here. */
const ask = (daemon: Daemon): Promise<unknown> =>
  Promise.race([daemon.request(WAIT), delay(20_000, "unsettled", { ref: false })]);

describe("an answer of a daemon", () => {
  it("that breaks off is a daemon that went away", async () => {
    const breaks: readonly ((response: ServerResponse) => void)[] = [
      (response) => response.destroy(),
      (response) => {
        response.flushHeaders();
        setTimeout(() => response.destroy(), 50);
      },
      (response) => {
        response.writeHead(500).write('{"mess');
        setTimeout(() => response.destroy(), 50);
      },
    ];
    for (const one of breaks)
      await withDaemon(one, async (daemon) => {
        await assert.rejects(ask(daemon), { code: "sandbox-unavailable", message: /went away/ });
      });
    await withDaemon(
      (response) => response.end('{"StatusCode":3}'),
      async (daemon) => assert.deepEqual(await ask(daemon), { StatusCode: 3 }, "control"),
    );
  });

  it("that refuses a connection to a container leaves none open", async () => {
    let closed: Promise<unknown> | undefined;
    await withDaemon(
      (response, { socket }) => {
        closed = once(socket, "close");
        response.writeHead(409).end('{"message":"it is not running"}');
      },
      async (daemon) => {
        const refused = { message: "docker cannot attach to the container: it is not running" };
        await assert.rejects(daemon.attach("x", { stdin: true }), refused);
        const late = delay(10_000, "open", { ref: false });
        assert.notEqual(await Promise.race([closed, late]), "open");
      },
    );
  });

  it("without an end is refused", async () => {
    const piece = Buffer.alloc(2 ** 20, "x");
    const pour = (response: ServerResponse): void => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once("drain", () => pour(response));
    };
    await withDaemon(pour, async (daemon) => {
      await assert.rejects(ask(daemon), { code: "sandbox-unavailable", message: /no end/ });
    });
  });

  it("that does not come is waited for no longer than it may take", async () => {
    using dir = openTempDir();
    const address = `unix://${path.join(dir.path, "docker.sock")}`;
    let waits = 0;
    const server = createServer((request, response) => {
      if (request.url?.endsWith("/_ping") === true)
        return void response.setHeader("Api-Version", "1.41").end("OK");
      // Half an answer, then silence.
      waits += 1;
      response.flushHeaders();
    }).listen(address.slice("unix://".length));
    await once(server, "listening");
    const found = findDaemon({ env: { DOCKER_HOST: address }, home: "/nowhere", uid: 0 });
    const daemon = await openDaemon(found, { silenceMs: 100 });
    await assert.rejects(ask(daemon), { code: "sandbox-unavailable", message: /went away/ });
    assert.equal(waits, 1);
    const patient = daemon.request({ ...WAIT, mayTakeLong: true });
    patient.catch(() => {});
    const sooner = await Promise.race([patient, delay(400, "waits")]);
    assert.equal(sooner, "waits", "control: what may take long may be silent");
    server.closeAllConnections();
    server.close();
    await assert.rejects(patient, { code: "sandbox-unavailable" });
  });

  it("with paths is told with their middle left out", async () => {
    const long = `/data/${"deep/".repeat(1200)}end`;
    const message = `error while mounting volume: ${long}: invalid argument`;
    await withDaemon(
      (response) => response.writeHead(500).end(JSON.stringify({ message })),
      async (daemon) => {
        const error: unknown = await ask(daemon).catch((one: unknown) => one);
        assert.ok(error instanceof SandboxError);
        assert.ok(error.message.length < 400, error.message);
        assert.match(error.message, /\/data\/deep.*….*deep\/end: invalid argument$/);
        assert.ok(error.hint !== undefined);
      },
    );
  });

  it("that says what is wrong is that line", async () => {
    await withDaemon(
      (response) => response.writeHead(409).end('{"message":"it is\\nso"}'),
      async (daemon) =>
        await assert.rejects(ask(daemon), { message: "docker cannot wait for the task: it is so" }),
    );
  });

  it("that somebody else removes the container is waited for until it is gone", async () => {
    const looks = [200, 404];
    await withDaemon(
      (response, { method }) => {
        if (method === "GET") response.writeHead(looks.shift() ?? 404).end("{}");
        else
          response
            .writeHead(409)
            .end('{"message":"removal of container x is already in progress"}');
      },
      async (daemon) => await removeContainer(daemon, "x"),
    );
    assert.deepEqual(looks, []);
    await withDaemon(
      (response) => response.writeHead(409).end('{"message":"it is in use"}'),
      async (daemon) => await assert.rejects(removeContainer(daemon, "x"), /in use/, "control"),
    );
  });
});
