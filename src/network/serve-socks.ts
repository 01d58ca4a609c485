import type { Socket } from "node:net";
import { parseHost } from "../core/host-name.js";
import { renderIp } from "../core/ip-address.js";
import type { GatewayContext } from "./gateway-context.js";
import { readUntil } from "./read-until.js";
import { serveTunnel } from "./serve-tunnel.js";
import { showText } from "./show-host.js";

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const NO_METHOD = 0xff;
const CONNECT = 1;
const ADDRESS_LENGTHS: Readonly<Record<number, number>> = { 1: 4, 4: 16 };
const NAME = 3;
/** RFC 1928, 6. */
const REPLIES = { done: 0, failed: 1, refused: 2, unreachable: 4, command: 7, address: 8 } as const;
const MOST_BYTES = 600;

/** Serves one client of SOCKS 5 (RFC 1928), paused: CONNECT without authentication, by name or address. There is no UDP. */
export async function serveSocks(context: GatewayContext, client: Socket): Promise<void> {
  const late = setTimeout(() => client.destroy(), context.limits.openingMs);
  const asked = await shakeHands(client).finally(() => clearTimeout(late));
  const reply = (code: number): void => {
    client.write(Buffer.from([VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]));
  };
  if ("problem" in asked) {
    context.onMalformed("socks", asked.problem);
    if (asked.reply !== undefined) reply(asked.reply);
    client.end();
    client.resume();
    return;
  }
  await serveTunnel(context, {
    client,
    via: "socks",
    ...asked,
    accept: () => reply(REPLIES.done),
    refuse: ({ kind }) => {
      reply(kind === "refused" ? REPLIES.refused : REPLIES.unreachable);
      client.end();
      client.resume();
    },
  });
}

type Asked =
  | { readonly host: string; readonly port: number }
  | { readonly problem: string; readonly reply?: number };

async function shakeHands(client: Socket): Promise<Asked> {
  const greeting = await readUntil(
    client,
    (bytes) => toLength(bytes, 2 + (bytes[1] ?? 0)),
    MOST_BYTES,
  );
  if (greeting[0] !== VERSION) return { problem: "no SOCKS 5" };
  if (!greeting.subarray(2).includes(NO_AUTHENTICATION)) {
    client.write(Buffer.from([VERSION, NO_METHOD]));
    return { problem: "a client that wants to authenticate" };
  }
  client.write(Buffer.from([VERSION, NO_AUTHENTICATION]));
  return toAsked(await readUntil(client, endOfRequest, MOST_BYTES));
}

function toAsked(request: Buffer): Asked {
  const [version, command, , type = 0] = request;
  if (version !== VERSION) return { problem: "no SOCKS 5" };
  if (command !== CONNECT)
    return { problem: `SOCKS command ${command}: only CONNECT is there`, reply: REPLIES.command };
  const port = request.readUInt16BE(request.length - 2);
  const body = request.subarray(4, -2);
  if (port === 0) return { problem: "SOCKS port 0", reply: REPLIES.address };
  if (type !== NAME) return { host: toAddress(body), port };
  const text = body.subarray(1).toString("latin1");
  // Some clients give an address as a name, and IPv6 then without its brackets.
  const parsed = parseHost(/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) ? `[${text}]` : text);
  if ("problem" in parsed)
    return { problem: `host ${showText(text)}: ${parsed.problem}`, reply: REPLIES.address };
  return { host: parsed.host, port };
}

/** IPv4 that is mapped into IPv6 becomes IPv4. */
function toAddress(bytes: Buffer): string {
  const bits = BigInt(`0x${bytes.toString("hex")}`);
  if (bytes.length === 4) return renderIp({ version: 4, bits });
  const isMapped = bits >> 32n === 0xffffn;
  return renderIp(isMapped ? { version: 4, bits: bits & 0xffffffffn } : { version: 6, bits });
}

/** An unknown kind of address has no length: what has come is all of it, and it is refused by its command or its host. */
function endOfRequest(bytes: Buffer): number | undefined {
  const type = bytes[3];
  if (type === undefined) return undefined;
  if (type === NAME) return bytes[4] === undefined ? undefined : toLength(bytes, 5 + bytes[4] + 2);
  const length = ADDRESS_LENGTHS[type];
  if (length === undefined) throw new Error("an unknown kind of address");
  return toLength(bytes, 4 + length + 2);
}

function toLength(bytes: Buffer, length: number): number | undefined {
  return bytes.length < Math.max(2, length) ? undefined : length;
}
