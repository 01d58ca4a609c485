import type { Socket as UdpSocket } from "node:dgram";
import type { Socket } from "node:net";
import { answerLookup, type Resolver } from "./answer-lookup.js";
import { awaitDrain } from "./await-drain.js";
import { readUntil } from "./read-until.js";

const MOST_BYTES = 65_537;
/** RFC 7766: a client may ask more than once. */
const IDLE_MS = 10_000;

/** Answers what comes at a bound socket, a message a packet. */
export function serveUdpLookups(socket: UdpSocket, resolver: Resolver): void {
  socket.on("message", (message, { address, port }) => {
    const answer = answerLookup(message, resolver);
    // Whom the answer does not reach asks again.
    if (answer !== undefined) socket.send(answer, port, address, () => undefined);
  });
}

/** Answers one client over TCP (RFC 1035, 4.2.2), paused: each message has its length before it. */
export async function serveTcpLookups(client: Socket, resolver: Resolver): Promise<void> {
  client.setTimeout(IDLE_MS, () => client.destroy());
  while (!client.readableEnded) {
    const framed = await readUntil(client, endOfMessage, MOST_BYTES);
    const answer = answerLookup(framed.subarray(2), resolver);
    if (answer === undefined) break;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(answer.length);
    client.write(Buffer.concat([length, answer]));
    await awaitDrain(client);
  }
  client.end();
}

function endOfMessage(bytes: Buffer): number | undefined {
  const length = bytes.length < 2 ? undefined : 2 + bytes.readUInt16BE(0);
  return length === undefined || bytes.length < length ? undefined : length;
}
