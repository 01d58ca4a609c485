import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** Why there is no answer from the network; the reason is one line. */
export interface Refusal {
  readonly status: 400 | 403 | 405 | 502;
  readonly reason: string;
}

/** The body that says it to whoever reads the client's output. */
export function toRefusalBody({ reason }: Refusal): Buffer {
  return Buffer.from(`sandbox: ${reason}\n`);
}

/** Headers of a refusal. Its kind is in a header of its own, so that it is not taken for the server's. */
export function toRefusalHeaders(refusal: Refusal): Readonly<Record<string, string>> {
  return {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(toRefusalBody(refusal).length),
    "X-Sandbox-Gateway": refusal.status === 502 ? "failed" : "refused",
  };
}

/** Answers on a connection that no parser has any more, and closes it. */
export function writeRefusal(client: Duplex, refusal: Refusal): void {
  const headers = { ...toRefusalHeaders(refusal), Connection: "close" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  client.write(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join("")}\r\n`,
  );
  client.end(toRefusalBody(refusal));
  client.resume();
}
