import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { AGENT_SOCKET, type UnixListener } from "../../core/gateway-listener.js";
import { FrameCutter, MOST_BYTES } from "./agent-protocol.js";
import { AgentConnection, type AgentGuard } from "./serve-agent.js";

/** The agent of one sandbox. Disposing of it cuts everything. */
export interface ServedAgent extends AsyncDisposable {
  readonly listener: UnixListener;
  /** Takes over the descriptor of `listener`. */
  adopt(descriptor: number): void;
}

/** At once; more are closed as they come. */
const MOST_CONNECTIONS = 32;
const BACKLOG = 64;
/** Without a message. */
const IDLE_MS = 10 * 60_000;

/** Opens a filter before the person's agent, for one task. */
export function openAgent(guard: AgentGuard): ServedAgent {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    client.on("error", () => undefined);
    if (clients.size >= MOST_CONNECTIONS) return void client.destroy();
    clients.add(client);
    client.once("close", () => clients.delete(client));
    serve(guard, client);
  });
  // What cannot be accepted is not served: nothing is signed.
  server.on("error", () => undefined);
  return {
    listener: { protocol: "unix", path: AGENT_SOCKET },
    adopt: (fd) => void server.listen({ fd, backlog: BACKLOG }),
    [Symbol.asyncDispose]: async () => {
      const closed = [...clients].map((client) => once(client, "close"));
      for (const client of clients) client.destroy();
      if (server.listening) closed.push(once(server, "close"));
      server.close();
      await Promise.all(closed);
    },
  };
}

/** One message after the other; more than one too large one waits at no time. */
function serve(guard: AgentGuard, client: Socket): void {
  const gone = new AbortController();
  const connection = new AgentConnection(guard, gone.signal);
  const cutter = new FrameCutter();
  const waiting: Buffer[] = [];
  let held = 0;
  let isBusy = false;
  const work = async (): Promise<void> => {
    isBusy = true;
    for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
      held -= message.length;
      const answer = await connection.answer(message);
      if (client.destroyed) break;
      if (!client.write(answer)) await once(client, "drain", { signal: gone.signal });
    }
    isBusy = false;
  };
  client.setTimeout(IDLE_MS, () => {
    if (!isBusy) client.destroy();
  });
  client.once("close", () => {
    gone.abort();
    connection[Symbol.dispose]();
  });
  client.on("data", (chunk) => {
    try {
      for (const message of cutter.push(chunk)) {
        waiting.push(message);
        held += message.length;
      }
    } catch {
      guard.onRefused("a message of a wrong size");
      return void client.destroy();
    }
    // A client that waits for answers has one question open.
    if (held > 2 * MOST_BYTES || waiting.length > MOST_WAITING) return void client.destroy();
    if (!isBusy) work().catch(() => client.destroy());
  });
}

const MOST_WAITING = 64;
