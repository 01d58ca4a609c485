import type { Duplex } from "node:stream";
import { readClientHello } from "./read-client-hello.js";
import { EndedError, readUntil } from "./read-until.js";

/** What a client begins a tunnel with. */
export type Opening =
  | { readonly kind: "tls"; readonly name: string | undefined }
  | { readonly kind: "http" }
  | { readonly kind: "ssh" }
  | { readonly kind: "other" }
  /** It ended before that was clear: these are all of its bytes, and may be none. */
  | { readonly kind: "cut"; readonly bytes: Buffer }
  /** It begins like TLS and is not. */
  | { readonly kind: "malformed" };

const METHODS = "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH".split(" ");
const MOST_BYTES = 131_072;
const TLS_HANDSHAKE = 0x16;
const MOST_BLANK = 64;
const MOST_LINE = 8192;

/**
 * What the first bytes of a paused stream are; they stay in it. Rejects where it breaks before that is clear. Servers skip blank lines before a
 * request: so they are skipped here.
 */
export async function readOpening(stream: Duplex): Promise<Opening> {
  try {
    return await readClear(stream);
  } catch (error) {
    if (!(error instanceof EndedError) || !stream.readableEnded) throw error;
    const { bytes } = error;
    return bytes[0] === TLS_HANDSHAKE ? { kind: "malformed" } : { kind: "cut", bytes };
  }
}

async function readClear(stream: Duplex): Promise<Opening> {
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
  const text = bytes.subarray(0, MOST_LINE).toString("latin1");
  const words = text.trimStart();
  if (words === "") return text.length > MOST_BLANK ? { kind: "other" } : undefined;
  return toTextual(words);
}

/** A request of any method is one: servers that share an address go by its Host. */
function toTextual(words: string): Opening | undefined {
  if (words.startsWith("SSH-")) return { kind: "ssh" };
  if (METHODS.some((method) => words.startsWith(`${method} `))) return { kind: "http" };
  const [line, ...rest] = words.split(/[\r\n]/, 2);
  if (rest.length > 0)
    return /^\S+ .*HTTP\/1\.\d *$/i.test(line ?? "") ? { kind: "http" } : { kind: "other" };
  // A word alone may be all that a client of another protocol says before it waits for an answer.
  const isUnclear =
    ["SSH-", ...METHODS].some((word) => word.startsWith(words)) || /^[A-Za-z]+ [ -~]*$/.test(words);
  return isUnclear && words.length < MOST_LINE - MOST_BLANK ? undefined : { kind: "other" };
}

function toTls(bytes: Buffer): Opening | undefined {
  const hello = readClientHello(bytes);
  if (hello.state === "more") return undefined;
  return hello.state === "malformed" ? { kind: "malformed" } : { kind: "tls", name: hello.name };
}
