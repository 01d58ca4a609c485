import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { openPerson } from "../support/person.js";
import { type RunningService, startService, toRunRequest } from "../support/service.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";
const TOKEN = "a".repeat(40);
type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** Connects 700 times, no more at once than the kernel keeps, and says half a request each time: that is none. */
async function crowd(service: RunningService, place: Place): Promise<AsyncDisposable> {
  const strangers: Socket[] = [];
  const closed: Promise<void>[] = [];
  for (let batch = 0; batch < 7; batch += 1) {
    const some = Array.from({ length: 100 }, () => connect(place));
    strangers.push(...some);
    for (const one of some)
      closed.push(new Promise((resolve) => one.resume().once("close", () => resolve())));
    await Promise.all(some.map((one) => once(one, "connect")));
    for (const one of some) one.on("error", () => {}).write("GET / HTTP/1.1\r\n");
    // Connected is not accepted: when this is answered, all before it are.
    assert.equal((await service.call("GET", "/v1/actions")).status, 200);
  }
  await Promise.all(closed.slice(0, 50));
  return {
    [Symbol.asyncDispose]: async () => {
      for (const stranger of strangers) stranger.destroy();
      await Promise.all(closed);
    },
  };
}

test("strangers who only connect keep nobody out who asks, at TCP and at the socket", async () => {
  using person = openPerson(KIND);
  person.make({ "../tokens": `ann all ${TOKEN}\n` });
  const file = path.join(person.home, "tokens");
  chmodSync(file, 0o600);
  await using service = await startService(person, [
    "--listen",
    "127.0.0.1:0",
    "--token-file",
    file,
  ]);
  const { hostname, port } = new URL(service.url);
  const headers = { authorization: `Bearer ${TOKEN}` };
  const listening = await fetch(`${service.url}/v1/events`, { headers });
  assert.equal(listening.status, 200);
  for (const place of [{ host: hostname, port: Number(port) }, { path: service.socket }]) {
    await using _crowd = await crowd(service, place);
    assert.equal((await fetch(`${service.url}/v1/actions`, { headers })).status, 200);
  }
  const { body } = await service.call("POST", "/v1/actions", toRunRequest(person, "true"));
  const { value } = (await listening.body?.getReader().read()) ?? assert.fail();
  assert.match(Buffer.from(value ?? []).toString(), new RegExp(body.action), "who is served stays");
});

test("one token's listeners keep another one's answer out at no time, and a second request on a connection counts", async () => {
  using person = openPerson(KIND);
  const [many, few] = ["b".repeat(40), "c".repeat(40)];
  person.make({ "../tokens": `bot submit ${many}\nann all ${few}\n` });
  const file = path.join(person.home, "tokens");
  chmodSync(file, 0o600);
  const words = ["--listen", "127.0.0.1:0", "--token-file", file];
  await using service = await startService(person, words);
  const { hostname, port, host } = new URL(service.url);
  const listen = async (token: string) => {
    const socket = connect({ host: hostname, port: Number(port) }).on("error", () => {});
    const head = `Host: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    // A quick one before it: its end is not the end of the one behind it.
    socket.write(`GET /v1/actions HTTP/1.1\r\n${head}GET /v1/events HTTP/1.1\r\n${head}`);
    let heard = "";
    const outcome = await new Promise<"listens" | "closed">((resolve) => {
      socket
        .once("close", () => resolve("closed"))
        .on("data", (chunk) => {
          heard += String(chunk);
          if (heard.includes("text/event-stream")) resolve("listens");
        });
    });
    return { socket, outcome };
  };
  const opened: Awaited<ReturnType<typeof listen>>[] = [];
  for (let at = 0; at < 300; at += 1) opened.push(await listen(many));
  const living = opened.filter(({ socket }) => !socket.destroyed);
  const { outcome, socket } = await listen(few);
  for (const one of [...opened.map((o) => o.socket), socket]) one.destroy();
  assert.equal(outcome, "listens", "somebody else is heard");
  assert.equal(living.length, 64, "a quarter");
});
