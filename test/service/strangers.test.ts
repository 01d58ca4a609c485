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
