import { createSocket } from "node:dgram";
import { once } from "node:events";
import { decode, encode, type RecordType } from "dns-packet";

/** An answer of a resolver. */
export interface DnsAnswer {
  readonly rcode: number;
  readonly addresses: readonly string[];
}

/** Asks the resolver at a port of the loopback. */
export async function askUdp(port: number, name: string, type: string): Promise<DnsAnswer> {
  const socket = createSocket("udp4");
  try {
    socket.send(toQuery(name, type), port, "127.0.0.1");
    const [message] = (await once(socket, "message")) as [Buffer];
    return toDnsAnswer(message);
  } finally {
    socket.close();
  }
}

export function toQuery(name: string, type: string): Buffer {
  return encode({
    type: "query",
    id: 7,
    flags: 0x100,
    questions: [{ type: type as RecordType, name }],
  });
}

export function toDnsAnswer(message: Buffer): DnsAnswer {
  const { answers = [] } = decode(message);
  return {
    rcode: message.readUInt16BE(2) & 15,
    addresses: answers.flatMap((answer) => (answer.type === "A" ? [answer.data] : [])),
  };
}
