import type { Duplex } from "node:stream";
import { readClientHello } from "./read-client-hello.js";
import { readUntil } from "./read-until.js";

/** What a client begins a tunnel with. */
export type Opening =
  | { readonly kind: "tls"; readonly name: string | undefined }
  | { readonly kind: "http" }
  | { readonly kind: "ssh" }
  | { readonly kind: "other" }
  /** It ended without a byte. */
  | { readonly kind: "silent" }
  /** It begins like TLS and is not. */
  | { readonly kind: "malformed" };

const METHODS = "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH".split(" ");
const MOST_BYTES = 131_072;
const TLS_HANDSHAKE = 0x16;
const MOST_BLANK = 64;

/**
 * What the first bytes of a paused stream are; they stay in it. Rejects where it ends before that is clear. Servers skip blank lines before a
 * request: so they are skipped here.
 */
export async function readOpening(stream: Duplex): Promise<Opening> {
  let opening: Opening | undefined;
  const bytes = await readUntil(
    stream,
    (read) => {
      opening = toOpening(read);
      return opening === undefined ? undefined : read.length;
    },
    MOST_BYTES,
  );
  stream.unshift(bytes);
  return opening ?? { kind: "other" };
}

/** Undefined while it is not clear yet. */
function toOpening(bytes: Buffer): Opening | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] === TLS_HANDSHAKE) return toTls(bytes);
  const text = bytes.subarray(0, MOST_BLANK + 8).toString("latin1");
  const word = text.trimStart();
  if (word === "") return text.length > MOST_BLANK ? { kind: "other" } : undefined;
  if (METHODS.some((method) => word.startsWith(`${method} `))) return { kind: "http" };
  if (word.startsWith("SSH-")) return { kind: "ssh" };
  const isUnclear = ["SSH-", ...METHODS].some((method) => `${method} `.startsWith(word));
  return isUnclear ? undefined : { kind: "other" };
}

function toTls(bytes: Buffer): Opening | undefined {
  const hello = readClientHello(bytes);
  if (hello.state === "more") return undefined;
  return hello.state === "malformed" ? { kind: "malformed" } : { kind: "tls", name: hello.name };
}
