import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import path from "node:path";
import type { SshAgentRule } from "../../src/core/send.js";
import type { AgentSignature } from "../../src/network/agent/agent-policy.js";
import {
  EXTENSION,
  FrameCutter,
  SESSION_BIND,
  SIGN_REQUEST,
  toFrame,
} from "../../src/network/agent/agent-protocol.js";
import { openAgent } from "../../src/network/agent/open-agent.js";
import { toUint32, toWireString } from "../../src/network/agent/wire.js";
import { openUnixDescriptor } from "./inside-sockets.js";

/** A host key whose private half the test has: it can prove itself to be that host. */
export interface Host {
  readonly blob: Buffer;
  prove(sessionId: Buffer): Buffer;
}

/** A new one, of Ed25519. */
export function makeHost(): Host {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const x = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const blob = Buffer.concat([toWireString("ssh-ed25519"), toWireString(x)]);
  const prove = (sessionId: Buffer): Buffer =>
    Buffer.concat([toWireString("ssh-ed25519"), toWireString(sign(null, sessionId, privateKey))]);
  return { blob, prove };
}

/** An id of a session that nobody had before. */
export const session = (): Buffer => randomBytes(32);

/** What a client signs to log in. */
export function toLogin(
  o: {
    readonly sessionId: Buffer;
    readonly key: Buffer;
    readonly user?: string;
    readonly hostKey?: Buffer;
    readonly service?: string;
    readonly method?: string;
    readonly message?: number;
    readonly algorithm?: string;
  },
  after: Buffer = Buffer.alloc(0),
): Buffer {
  const { sessionId, key, user = "git", hostKey, service = "ssh-connection" } = o;
  const { algorithm = "ssh-ed25519" } = o;
  const method =
    o.method ?? (hostKey === undefined ? "publickey" : "publickey-hostbound-v00@openssh.com");
  return Buffer.concat([
    ...[
      toWireString(sessionId),
      Buffer.from([o.message ?? 50]),
      toWireString(user),
      toWireString(service),
    ],
    ...[toWireString(method), Buffer.from([1]), toWireString(algorithm), toWireString(key)],
    ...(hostKey === undefined ? [] : [toWireString(hostKey)]),
    after,
  ]);
}

/** Tells of a session with a host, with its proof. */
export function toBind(
  host: Host,
  sessionId: Buffer,
  o: { readonly forwarded?: boolean; readonly proof?: Buffer } = {},
): Buffer {
  return toFrame(
    EXTENSION,
    ...[SESSION_BIND, host.blob, sessionId, o.proof ?? host.prove(sessionId)].map(toWireString),
    Buffer.from([o.forwarded === true ? 1 : 0]),
  );
}

/** Asks for a signature. */
export function toSign(key: Buffer, data: Buffer, flags = 0): Buffer {
  return toFrame(SIGN_REQUEST, toWireString(key), toWireString(data), toUint32(flags));
}

/** A task's end of it: raw bytes. */
export class Client implements Disposable {
  readonly #socket: Socket;
  readonly #answers: Buffer[] = [];
  readonly #cutter = new FrameCutter();
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#answers.push(...this.#cutter.push(chunk));
      this.#wake();
    });
    socket.on("error", () => {}).on("close", () => this.#wake());
  }

  /** The answer; undefined where the connection was closed instead. */
  async ask(frame: Buffer): Promise<Buffer | undefined> {
    this.#socket.write(frame);
    while (this.#answers.length === 0 && !this.#socket.destroyed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#answers.shift();
  }

  async type(frame: Buffer): Promise<number | undefined> {
    return (await this.ask(frame))?.[0];
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

interface Case extends AsyncDisposable {
  readonly socket: string;
  readonly decided: AgentSignature[];
  readonly refused: string[];
  /** What was allowed and not signed: users and reasons. */
  readonly failed: string[];
  connect(): Promise<Client>;
}

let count = 0;

/** A filter on a real unix socket, before a real agent. */
export async function openCase(
  dir: string,
  real: string,
  places: readonly { readonly rule: SshAgentRule; readonly hostKeys: readonly Buffer[] }[],
  decision: "allow" | "deny" = "allow",
): Promise<Case> {
  const decided: AgentSignature[] = [];
  const refused: string[] = [];
  const failed: string[] = [];
  const agent = openAgent({
    ...{ socket: real, places },
    decide: async (signature) => {
      decided.push(signature);
      return decision;
    },
    onFailed: ({ user }, reason) => failed.push(`${user}: ${reason}`),
    onRefused: (reason) => refused.push(reason),
  });
  count += 1;
  const socket = path.join(dir, `filter-${count}`);
  agent.adopt(openUnixDescriptor(socket));
  return {
    ...{ socket, decided, refused, failed },
    connect: async () => {
      const client = connect(socket);
      await once(client, "connect");
      return new Client(client);
    },
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}

/** A rule for `git.test`. */
export const allow = (o: Partial<SshAgentRule> = {}): SshAgentRule => ({
  ...{ host: "git.test", port: 22, decision: "allow" },
  ...o,
});
