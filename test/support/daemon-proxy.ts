import { once } from "node:events";
import { chmodSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import path from "node:path";
import { openTempDir } from "./temp-tree.js";

/** What becomes of a request: passed on; answered here; or both its connections cut, before or after the daemon has had it. */
export type Treatment =
  | "pass"
  | "cut"
  | { readonly cutAfter: () => void }
  | { readonly body: string; readonly headers?: Readonly<Record<string, string>> };

/** A socket in front of a daemon's. */
export interface DaemonProxy extends AsyncDisposable {
  readonly address: string;
  /** What a program needs in its environment to use it. */
  readonly env: Readonly<Record<string, string>>;
}

const REQUEST = /^(?:GET|POST|PUT|DELETE|HEAD) \S+ HTTP\/1\.1\r\n/;

/** Opens one that does with each request (`GET /v1.41/info`) what `treat` says: a real daemon with one thing wrong. */
export async function openDaemonProxy(
  daemon: { readonly socket: string },
  treat: (request: string) => Treatment,
): Promise<DaemonProxy> {
  const dir = openTempDir();
  const socket = path.join(dir.path, "proxy.sock");
  const open = new Set<Socket>();
  // A client that has sent all its input still waits for the output.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    for (const one of [client, forward(client, daemon.socket, treat)]) {
      open.add(one);
      one.on("error", () => {}).once("close", () => open.delete(one));
    }
  });
  await once(server.listen(socket), "listening");
  // Whoever else the test runs programs as.
  chmodSync(dir.path, 0o711);
  chmodSync(socket, 0o666);
  return {
    address: `unix://${socket}`,
    env: { DOCKER_HOST: `unix://${socket}` },
    [Symbol.asyncDispose]: async () => {
      for (const one of open) one.destroy();
      await new Promise((resolve) => server.close(resolve));
      dir[Symbol.dispose]();
    },
  };
}

/** Node's client writes each request's head as a chunk of its own, on a connection that has no other under way. */
function forward(client: Socket, to: string, treat: (request: string) => Treatment): Socket {
  const daemon = connect({ path: to, allowHalfOpen: true });
  const cut = (): void => {
    client.destroy();
    daemon.destroy();
  };
  let onAnswer: (() => void) | undefined;
  client.on("data", (chunk) => {
    const head = REQUEST.exec(chunk.toString("latin1"))?.[0].replace(/ HTTP\/1.1\r\n$/, "");
    const treatment = head === undefined ? "pass" : treat(head);
    if (treatment === "cut") return cut();
    if (treatment !== "pass" && "body" in treatment) return void client.write(toAnswer(treatment));
    if (treatment !== "pass") onAnswer = treatment.cutAfter;
    daemon.write(chunk);
  });
  daemon.on("data", (chunk) => {
    if (onAnswer === undefined) return void client.write(chunk);
    cut();
    onAnswer();
  });
  client.once("close", () => daemon.destroy()).once("end", () => daemon.end());
  daemon.once("end", () => client.end()).once("close", () => client.end());
  return daemon;
}

function toAnswer(answer: Extract<Treatment, { readonly body: string }>): string {
  const headers = { "Content-Type": "application/json", ...answer.headers };
  return [
    "HTTP/1.1 200 OK",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(answer.body)}`,
    `\r\n${answer.body}`,
  ].join("\r\n");
}
