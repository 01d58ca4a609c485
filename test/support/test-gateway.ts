import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import type { SandboxListener } from "../../src/core/gateway-listener.js";
import type { SandboxGateway } from "../../src/engine/engine.js";

/** A gateway that lets nothing out: over TCP and unix sockets it says which listener was reached, over UDP that every name is at `ANSWER`. */
export interface TestGateway extends SandboxGateway, AsyncDisposable {
  /** Descriptors that it was given, in order. */
  readonly adopted: readonly number[];
  /** Closes all sockets and whatever came by them. */
  close(): Promise<void>;
}

/** Where all names are, for a task with such a gateway. */
export const ANSWER = "127.9.8.7";

/** One that answers on `listeners`. */
export function openTestGateway(listeners: readonly SandboxListener[]): TestGateway {
  return new Gateway(listeners);
}

class Gateway implements TestGateway {
  readonly listeners: readonly SandboxListener[];
  adopted: readonly number[] = [];
  readonly #servers: Server[] = [];
  readonly #resolvers: UdpSocket[] = [];
  readonly #open = new Set<Socket>();

  constructor(listeners: readonly SandboxListener[]) {
    this.listeners = listeners;
  }

  adopt(descriptors: readonly number[]): void {
    this.adopted = descriptors;
    this.listeners.forEach((listener, index) => {
      const fd = descriptors[index];
      const name = listener.protocol === "unix" ? listener.path : listener.port;
      if (listener.protocol !== "udp")
        this.#servers.push(this.#serve(name).listen({ fd, backlog: 1024 }));
      else this.#resolvers.push(openResolver().bind({ fd }));
    });
  }

  #serve(name: number | string): Server {
    return createServer((socket) => {
      this.#open.add(socket);
      socket.on("error", () => {}).on("close", () => this.#open.delete(socket));
      socket.end(`gateway ${name}\n`);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    const ends = [...this.#servers.splice(0), ...this.#resolvers.splice(0)];
    await Promise.all(ends.map((one) => new Promise<void>((done) => one.close(() => done()))));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const HEADER_BYTES = 12;
/** Type A, class IN. */
const ADDRESS = "00010001";
/** The name of the question, type A, class IN, one minute, four bytes. */
const RECORD = "c00c000100010000003c0004";

function openResolver(): UdpSocket {
  const socket = createSocket("udp4");
  return socket.on("message", (query, from) => {
    socket.send(toAnswer(query), from.port, from.address);
  });
}

/** RFC 1035, 4.1. Other types than addresses of IPv4 exist of no name. */
function toAnswer(query: Buffer): Buffer {
  const end = query.indexOf(0, HEADER_BYTES) + 5;
  const hasAddress = query.toString("hex", end - 4, end) === ADDRESS;
  const counts = Buffer.from([0x81, 0x80, 0, 1, 0, hasAddress ? 1 : 0, 0, 0, 0, 0]);
  const record = [Buffer.from(RECORD, "hex"), Buffer.from(ANSWER.split(".").map(Number))];
  return Buffer.concat([
    query.subarray(0, 2),
    counts,
    query.subarray(HEADER_BYTES, end),
    ...(hasAddress ? record : []),
  ]);
}
