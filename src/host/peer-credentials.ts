import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type koffi from "koffi";
import { toDescriptor } from "./socket-descriptor.js";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** `struct ucred` of unix(7): pid, uid, gid, 32 bits each. */
const UCRED_BYTES = 12;

/** Loads libc; the function tells the uid of the process that connected to a unix socket (unix(7), SO_PEERCRED), or undefined. */
export function openPeerCredentials(): (socket: Socket) => number | undefined {
  const require = createRequire(import.meta.url);
  const ffi = require("koffi") as typeof koffi;
  const getsockopt = ffi
    .load("libc.so.6")
    .func("int getsockopt(int fd, int level, int name, void *value, void *length)");
  return (socket) => {
    const fd = toDescriptor(socket);
    if (fd === undefined) return undefined;
    const value = Buffer.alloc(UCRED_BYTES);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(UCRED_BYTES);
    if (Number(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, length)) !== 0) return undefined;
    return length.readUInt32LE() === UCRED_BYTES ? value.readUInt32LE(4) : undefined;
  };
}
