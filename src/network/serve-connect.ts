import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { isSameHost } from "../core/host-name.js";
import type { GatewayContext } from "./gateway-context.js";
import type { HttpConnection } from "./http-connection.js";
import { parseAuthority, valuesOf } from "./parse-target.js";
import { serveTunnel } from "./serve-tunnel.js";
import { showText } from "./show-host.js";
import { writeRefusal } from "./write-refusal.js";

/** Answers CONNECT (RFC 9110, 9.3.6) of a client of the proxy. */
export async function serveConnect(
  context: GatewayContext,
  { entry, client }: HttpConnection,
  request: IncomingMessage,
): Promise<void> {
  const { url = "", rawHeaders } = request;
  if (entry.kind !== "proxy" || !(client instanceof Socket))
    return writeRefusal(client, { status: 405, reason: "CONNECT is for the proxy" });
  const place = parseConnect(url, rawHeaders);
  if ("problem" in place) {
    context.onMalformed("connect", place.problem);
    return writeRefusal(client, { status: 400, reason: place.problem });
  }
  await serveTunnel(context, {
    client,
    via: "connect",
    ...place,
    accept: () => void client.write("HTTP/1.1 200 Connection established\r\n\r\n"),
    refuse: ({ kind, reason }) =>
      writeRefusal(client, { status: kind === "refused" ? 403 : 502, reason }),
  });
}

function parseConnect(
  url: string,
  rawHeaders: readonly string[],
): ReturnType<typeof parseAuthority> {
  const place = parseAuthority(url);
  if ("problem" in place) return place;
  const different = valuesOf(rawHeaders, "host").find((host) => {
    const said = parseAuthority(host, place.port);
    return "problem" in said || !isSameHost(said.host, place.host);
  });
  if (different === undefined) return place;
  return { problem: `its Host is ${showText(different)} and its target ${showText(url)}` };
}
