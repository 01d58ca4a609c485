/** What the first bytes of a connection of TLS say. */
export type ClientHello =
  | { readonly state: "more" }
  | { readonly state: "malformed" }
  /** `name` is the SNI as it was written; absent where there is none. */
  | { readonly state: "complete"; readonly name?: string };

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
/** Key shares that withstand quantum computers make it a few KiB. */
const LONGEST_HELLO = 65_536;

/** Reads the server's name from a ClientHello (RFC 8446, 4.1.2; RFC 6066, 3), which may lie in several records. */
export function readClientHello(bytes: Buffer): ClientHello {
  const { message, isBroken } = joinRecords(bytes);
  if (message.length >= 4 && message[0] !== CLIENT_HELLO) return { state: "malformed" };
  const length = message.length < 4 ? undefined : message.readUIntBE(1, 3);
  if (length !== undefined && length > LONGEST_HELLO) return { state: "malformed" };
  if (length === undefined || message.length < 4 + length)
    return { state: isBroken ? "malformed" : "more" };
  try {
    return readHello(message.subarray(4, 4 + length));
  } catch (error) {
    if (error instanceof RangeError) return { state: "malformed" };
    throw error;
  }
}

/** What the records hold that have come so far; the last one may be there in part. Broken: what follows them is no record of a handshake. */
function joinRecords(bytes: Buffer): { readonly message: Buffer; readonly isBroken: boolean } {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 5 <= bytes.length) {
    const length = bytes.readUInt16BE(at + 3);
    const isRecord =
      bytes[at] === HANDSHAKE && bytes[at + 1] === 3 && length > 0 && length <= 16_384;
    if (!isRecord) return { message: Buffer.concat(parts), isBroken: true };
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return { message: Buffer.concat(parts), isBroken: false };
}

function readHello(hello: Buffer): ClientHello {
  const reader = openReader(hello);
  reader.take(2 + 32);
  reader.takeSized(1);
  reader.takeSized(2);
  reader.takeSized(1);
  if (reader.isAtEnd()) return { state: "complete" };
  const extensions = openReader(reader.takeSized(2));
  const names: Buffer[] = [];
  while (!extensions.isAtEnd()) {
    const type = extensions.take(2).readUInt16BE();
    const body = extensions.takeSized(2);
    if (type === SERVER_NAME) names.push(body);
  }
  const [name, ...more] = names;
  if (more.length > 0) return { state: "malformed" };
  return name === undefined ? { state: "complete" } : readServerName(name);
}

function readServerName(body: Buffer): ClientHello {
  const list = openReader(openReader(body).takeSized(2));
  const type = list.take(1)[0];
  const name = list.takeSized(2).toString("latin1");
  if (type !== 0 || !list.isAtEnd()) return { state: "malformed" };
  return { state: "complete", name };
}

interface Reader {
  take(length: number): Buffer;
  /** What a length of so many bytes stands before. */
  takeSized(width: 1 | 2): Buffer;
  isAtEnd(): boolean;
}

/** Throws `RangeError` where there is not as much as asked for. */
function openReader(bytes: Buffer): Reader {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError("short");
    at += length;
    return bytes.subarray(at - length, at);
  };
  return {
    take,
    takeSized: (width) => take(take(width).readUIntBE(0, width)),
    isAtEnd: () => at === bytes.length,
  };
}
