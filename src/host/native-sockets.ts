import { createRequire } from "node:module";
import type koffi from "koffi";

/** Calls on sockets that Node has no function for. */
export interface NativeSockets {
  /**
   * Takes what lies at a unix socket, without waiting; undefined where nothing does yet. `end`: the other side has closed it. The
   * descriptors are the caller's, and no program that is started later gets them. Throws an error with `errno`.
   */
  receiveDescriptors(socket: number): ReceivedDescriptors | "end" | undefined;
  /** From now on nobody can bind another socket to the address of this one (socket(7), SO_REUSEADDR). Throws likewise. */
  keepAddress(socket: number): void;
}

/** What came with one message. */
interface ReceivedDescriptors {
  readonly descriptors: readonly number[];
  /** There were more than fit. */
  readonly isCut: boolean;
}

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SO_REUSEADDR = 2;
const MSG_CTRUNC = 0x8;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;
const EINTR = 4;
const EAGAIN = 11;
/** `struct cmsghdr` of cmsg(3) on 64 bits: the length with the header, level, type. */
const HEADER_BYTES = 16;
/** For the header and as many descriptors as one message can have (unix(7), SCM_MAX_FD). */
const CONTROL_BYTES = HEADER_BYTES + 4 * 253 + 4;

/** Loads libc. */
export function openNativeSockets(): NativeSockets {
  const ffi = createRequire(import.meta.url)("koffi") as typeof koffi;
  const libc = ffi.load("libc.so.6");
  const setsockopt = libc.func(
    "int setsockopt(int fd, int level, int name, const void *value, uint32_t length)",
  );
  const iovec = ffi.struct({ base: "void *", length: "size_t" });
  const message = ffi.struct({
    name: "void *",
    nameLength: "uint32_t",
    parts: ffi.pointer(iovec),
    partCount: "size_t",
    control: "void *",
    controlLength: "size_t",
    flags: "int",
  });
  const recvmsg = libc.func("recvmsg", "long", ["int", ffi.inout(ffi.pointer(message)), "int"]);
  const fail = (syscall: string): never => {
    const errno = ffi.errno();
    throw Object.assign(new Error(`${syscall}: error ${errno}`), { errno, syscall });
  };
  return {
    receiveDescriptors: (socket) => {
      const control = Buffer.alloc(CONTROL_BYTES);
      const received = {
        ...{ name: null, nameLength: 0, parts: { base: Buffer.alloc(1), length: 1 }, partCount: 1 },
        ...{ control, controlLength: CONTROL_BYTES, flags: 0 },
      };
      const bytes = Number(recvmsg(socket, received, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
      if (bytes < 0 && [EAGAIN, EINTR].includes(ffi.errno())) return undefined;
      if (bytes < 0) return fail("recvmsg");
      if (bytes === 0) return "end";
      const used = control.subarray(0, Number(received.controlLength));
      return {
        descriptors: readDescriptors(used),
        isCut: (received.flags & MSG_CTRUNC) !== 0,
      };
    },
    keepAddress: (socket) => {
      const off = Buffer.alloc(4);
      if (Number(setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, off, off.length)) !== 0)
        fail("setsockopt");
    },
  };
}

function readDescriptors(control: Buffer): readonly number[] {
  const found: number[] = [];
  for (let at = 0; at + HEADER_BYTES <= control.length; ) {
    const length = Number(control.readBigUInt64LE(at));
    if (length < HEADER_BYTES) break;
    const isRights =
      control.readInt32LE(at + 8) === SOL_SOCKET && control.readInt32LE(at + 12) === SCM_RIGHTS;
    const end = Math.min(at + length, control.length);
    for (let place = at + HEADER_BYTES; isRights && place + 4 <= end; place += 4)
      found.push(control.readInt32LE(place));
    at += Math.ceil(length / 8) * 8;
  }
  return found;
}
