import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { readUntil } from "../../src/network/read-until.js";

/** Sends bytes to a port of the loopback and gives all that comes back until the other side ends. */
export async function talk(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = await openRaw(port);
  socket.write(bytes);
  return (await readAll(socket)).toString("latin1");
}

/** A connection to a port of an address of the loopback. */
export async function openRaw(port: number, host = "127.0.0.1"): Promise<Socket> {
  const socket = connect({ port, host, allowHalfOpen: true });
  await once(socket, "connect");
  socket.on("error", () => undefined);
  return socket;
}

/** All that comes until the end, however it ends. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  if (socket.destroyed || socket.readableEnded) return Buffer.concat(chunks);
  await new Promise<void>((resolve) => socket.once("end", resolve).once("close", () => resolve()));
  socket.destroy();
  return Buffer.concat(chunks);
}

/** The next so many bytes; what comes after them stays. */
export function readBytes(socket: Socket, count: number): Promise<Buffer> {
  return readUntil(socket, (bytes) => (bytes.length < count ? undefined : count), 1 << 20);
}
