import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { PooledRequest } from "./http-connection.js";
import { openBodyFilter, planBody } from "./pass-body.js";
import type { PreparedRequest } from "./to-pooled-request.js";

/** A request's body as it is sent on, and the request with its length as it is then. */
export interface SentBody {
  readonly options: PooledRequest;
  readonly stream: Readable;
}

/** Rejects where a body that must be read first breaks off. */
export async function toBody(
  request: IncomingMessage,
  { options, placement }: PreparedRequest,
): Promise<SentBody> {
  if (placement === undefined) return { options, stream: request };
  const filter = openBodyFilter(placement);
  request.once("error", (error) => filter.destroy(error));
  const stream = request.pipe(filter);
  const length = request.headers["content-length"];
  const plan = planBody(placement, length === undefined ? undefined : Number(length));
  if (plan === "stream") return { options, stream };
  // A client that waits to be asked for its body is asked too late to read it first.
  if (plan === "chunk" || request.headers.expect !== undefined)
    return { options: withLength(options, ["Transfer-Encoding", "chunked"]), stream };
  const body = await buffer(stream);
  return {
    options: withLength(options, ["Content-Length", String(body.length)]),
    stream: Readable.from([body]),
  };
}

function withLength(options: PooledRequest, length: readonly [string, string]): PooledRequest {
  const headers: readonly string[] = Array.isArray(options.headers) ? options.headers : [];
  const kept = headers.filter((_, at) => !isLength(headers[at - (at % 2)]));
  return { ...options, headers: [...kept, ...length] };
}

function isLength(name: string | undefined): boolean {
  return name?.toLowerCase() === "content-length";
}
