import type { Exchange } from "./exchange.js";
import { type Refusal, toRefusalBody, toRefusalHeaders } from "./write-refusal.js";

/** A body that nobody reads would be taken for the next request's head: the connection ends. */
export function refuse({ request, response }: Exchange, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const ends = request.complete ? {} : { Connection: "close" };
  response.writeHead(refusal.status, { ...toRefusalHeaders(refusal), ...ends });
  response.end(toRefusalBody(refusal));
}
