import type { ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Exchange } from "./exchange.js";
import type { Tap } from "./open-tap.js";
import { valuesOf } from "./parse-target.js";
import { toPassedHeaders } from "./pass-headers.js";

/** A server's answer, its body unread. */
export interface Answered {
  readonly upstream: ClientRequest;
  readonly answer: IncomingMessage;
  /** Of the connection that it comes on. */
  readonly tap: Tap | undefined;
  readonly client: Duplex;
}

/** A connection whose body was poured is no use to the next request: it must be worth a new one. */
const LEAST_POURED = 8 << 20;

/** What was cut short is not ended here: the client must see that something is missing. */
export async function passAnswer(answered: Answered, { response }: Exchange): Promise<void> {
  const { answer, client, tap } = answered;
  response.sendDate = false;
  try {
    response.writeHead(
      answer.statusCode ?? 502,
      answer.statusMessage,
      toPassedHeaders(answer.rawHeaders),
    );
    const bytes = response.socket === client ? toRest(answered) : undefined;
    if (bytes === undefined || tap === undefined) {
      await pipeline(answer, response);
      return;
    }
    // It never ends for its parser, which takes that for an error.
    answer.on("error", () => undefined);
    const first: unknown = answer.read();
    if (Buffer.isBuffer(first)) response.write(first);
    else response.flushHeaders();
    await tap.pour(client, bytes);
    response.end();
  } catch (error) {
    if (response.headersSent) response.destroy();
    throw error;
  }
}

/** How much of a body is still to come, where that is certain and much; undefined where its parser must say when it is over. */
function toRest({ upstream, answer }: Answered): number | undefined {
  const { statusCode = 0, rawHeaders, socket } = answer;
  const isBodiless = upstream.method === "HEAD" || [204, 304].includes(statusCode);
  // What is still being sent needs the connection to its end, and what waits in its buffer is not the parser's yet.
  if (isBodiless || statusCode < 200 || !upstream.writableFinished || socket.readableLength > 0)
    return undefined;
  const [length = "", ...more] = valuesOf(rawHeaders, "content-length");
  const isChunked = valuesOf(rawHeaders, "transfer-encoding").length > 0;
  if (isChunked || more.length > 0 || !/^\d{1,15}$/.test(length)) return undefined;
  const rest = Number(length) - answer.readableLength;
  return rest >= LEAST_POURED ? rest : undefined;
}
