import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { toReason } from "./connect.js";
import type { GatewayContext } from "./gateway-context.js";
import type { OpenSend } from "./open-send.js";

/** A tunnel that begins with TLS, which is to be opened; the client's bytes are unread. */
export interface InspectedTunnel {
  readonly client: Socket;
  readonly host: string;
  readonly port: number;
  readonly sent: OpenSend;
}

/** Takes the server's place in a tunnel: what is inside are requests, each decided by itself. */
export async function inspectTunnel(
  context: GatewayContext,
  { client, host, port, sent }: InspectedTunnel,
): Promise<void> {
  const inside = new TLSSocket(client, {
    isServer: true,
    secureContext: context.authority().contextFor(host),
    ALPNProtocols: ["http/1.1"],
  });
  // Whoever serves it hears of its end by `close`; so does the client's own connection.
  inside.on("error", () => undefined);
  inside.once("close", () => client.destroy());
  const late = setTimeout(() => client.destroy(), context.limits.openingMs);
  const problem = await new Promise<string | undefined>((resolve) => {
    inside.once("secure", () => resolve(undefined));
    inside.once("error", (error) => resolve(toReason(error)));
    client.once("close", () => resolve("the client has gone away"));
  });
  clearTimeout(late);
  if (problem === undefined) {
    sent.end({ end: "done" });
    return context.serveHttp(inside, {
      ...{ kind: "settled", via: "inspected", host, port },
      tunnel: sent.send.id,
    });
  }
  const reason = `the client does not take this session's certificate for ${host}: ${problem}`;
  sent.end({ end: "failed", reason });
  client.destroy();
}
