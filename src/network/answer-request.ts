import { once } from "node:events";
import { decideRequest } from "./decide-request.js";
import type { Exchange } from "./exchange.js";
import { forwardRequest } from "./forward-request.js";
import type { GatewayContext } from "./gateway-context.js";
import type { HttpConnection } from "./http-connection.js";
import { refuse } from "./refuse.js";

/** Answers one request: from the network where it may go there, else with a refusal. Resolves when the answer is over. */
export async function answerRequest(
  context: GatewayContext,
  connection: HttpConnection,
  exchange: Exchange,
): Promise<void> {
  const { response } = exchange;
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  const { client } = connection;
  if (client.destroyed) return;
  // A response that is still to get its turn hears nothing of its connection.
  client.once("close", leave);
  response.once("close", leave);
  try {
    await answer(context, connection, { ...exchange, gone: leaving.signal });
  } finally {
    client.off("close", leave);
  }
}

async function answer(
  context: GatewayContext,
  connection: HttpConnection,
  { gone, ...exchange }: Exchange & { readonly gone: AbortSignal },
): Promise<void> {
  const over = gone.aborted ? undefined : once(gone, "abort");
  const { request } = exchange;
  const decided = await decideRequest(context, connection.entry, { request, gone });
  if (decided.outcome === "refused") refuse(exchange, decided.refusal);
  else await forwardRequest(context, connection, { ...decided, exchange, gone });
  await over;
}
