import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  FrameCutter,
  type Identity,
  readIdentities,
  REQUEST_IDENTITIES,
  toFrame,
} from "./agent-protocol.js";

/** A connection to the person's own agent. One question at a time. */
export interface RealAgent extends Disposable {
  /** Sends a whole message and resolves with the answer, without its length. Rejects where none comes in time. */
  ask(frame: Buffer, timeoutMs: number): Promise<Buffer>;
}

/** Connects to the unix socket `path`. Rejects where nobody is there. */
export async function openRealAgent(path: string): Promise<RealAgent> {
  const socket = connect(path);
  await once(socket, "connect");
  return toAgent(socket);
}

const LIST_MS = 10_000;

/** The keys that the agent at `path` has. Rejects where it does not answer as an agent does. */
export async function listIdentities(path: string): Promise<readonly Identity[]> {
  using agent = await openRealAgent(path);
  return readIdentities(await agent.ask(toFrame(REQUEST_IDENTITIES), LIST_MS));
}

function toAgent(socket: Socket): RealAgent {
  const cutter = new FrameCutter();
  let waiting: { resolve(frame: Buffer): void; reject(error: Error): void } | undefined;
  const fail = (error: Error): void => {
    waiting?.reject(error);
    waiting = undefined;
    socket.destroy();
  };
  socket
    .on("data", (chunk) => {
      try {
        for (const frame of cutter.push(chunk)) {
          waiting?.resolve(frame);
          waiting = undefined;
        }
      } catch (error) {
        fail(error instanceof Error ? error : new Error("no answer"));
      }
    })
    .on("error", fail)
    .on("close", () => fail(new Error("the agent has closed the connection")));
  return {
    ask: (frame, timeoutMs) =>
      new Promise((resolve, reject) => {
        if (waiting !== undefined || socket.destroyed)
          return void reject(new Error("the agent cannot be asked now"));
        const late = setTimeout(() => fail(new Error("the agent does not answer")), timeoutMs);
        waiting = {
          resolve: (answer) => {
            clearTimeout(late);
            resolve(answer);
          },
          reject: (error) => {
            clearTimeout(late);
            reject(error);
          },
        };
        socket.write(frame);
      }),
    [Symbol.dispose]: () => fail(new Error("nobody waits any more")),
  };
}
