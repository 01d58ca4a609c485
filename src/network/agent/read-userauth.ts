import { WireError, WireReader } from "./wire.js";

/** What a client signs to log in with a key: RFC 4252, section 7, or OpenSSH's form of it that names the host's key too (PROTOCOL, 3.1). */
export interface Userauth {
  readonly sessionId: Buffer;
  readonly user: string;
  /** By which it says that it is signed. */
  readonly algorithm: string;
  readonly key: Buffer;
  readonly hostKey?: Buffer;
}

const USERAUTH_REQUEST = 50;
const HOST_BOUND = "publickey-hostbound-v00@openssh.com";

/** Reads `data`, which is to be signed. Throws `WireError` for all that is anything else. */
export function readUserauth(data: Buffer): Userauth {
  const reader = new WireReader(data);
  const sessionId = reader.string();
  if (reader.byte() !== USERAUTH_REQUEST) throw new WireError("no login");
  const user = toUser(reader.string());
  if (reader.name() !== "ssh-connection") throw new WireError("not for a connection");
  const method = reader.name();
  if (method !== "publickey" && method !== HOST_BOUND) throw new WireError("not with a key");
  if (!reader.boolean()) throw new WireError("nothing to be signed");
  const algorithm = reader.name();
  const key = reader.string();
  const hostKey = method === HOST_BOUND ? reader.string() : undefined;
  reader.end();
  return { sessionId, user, algorithm, key, ...(hostKey === undefined ? {} : { hostKey }) };
}

/** A name that a log can show. */
function toUser(bytes: Buffer): string {
  const user = bytes.toString();
  if (!Buffer.from(user).equals(bytes) || !/^[^\p{C}\s]{1,255}$/u.test(user))
    throw new WireError("no name of a user");
  return user;
}
