import koffi from "koffi";
import type { GatewayListener } from "../../src/core/gateway-listener.js";

const libc = koffi.load(null);
const socket = libc.func("int socket(int domain, int type, int protocol)");
const bind = libc.func("int bind(int fd, const void *address, unsigned int length)");
const listen = libc.func("int listen(int fd, int backlog)");
const getsockname = libc.func(
  "int getsockname(int fd, _Out_ void *address, _Inout_ unsigned int *length)",
);
const close = libc.func("int close(int fd)");

const AF_UNIX = 1;
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;

/** Descriptors as an engine hands them over: bound, and where it is TCP, listening. */
export function openDescriptors(listeners: readonly GatewayListener[]): readonly number[] {
  return listeners.map(openDescriptor);
}

function openDescriptor({ protocol, address, port }: GatewayListener): number {
  const fd = socket(AF_INET, (protocol === "tcp" ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  if (bind(fd, toSockaddr(address, port), 16) !== 0)
    throw new Error(`cannot bind ${protocol} ${address}:${port}`);
  if (protocol === "tcp" && listen(fd, 1024) !== 0) throw new Error(`cannot listen at ${port}`);
  return fd;
}

/** A unix socket that listens at `path`. */
export function openUnixDescriptor(path: string): number {
  const fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  if (bind(fd, address, address.length) !== 0 || listen(fd, 64) !== 0)
    throw new Error(`cannot listen at ${path}`);
  return fd;
}

/** Ports of the loopback that are free now, for TCP and UDP. */
export function findFreePorts(count: number): readonly number[] {
  const fds: number[] = [];
  const ports: number[] = [];
  while (ports.length < count) {
    const fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fds.push(fd);
    const name = Buffer.alloc(16);
    bind(fd, toSockaddr("0.0.0.0", 0), 16);
    getsockname(fd, name, [16]);
    ports.push(name.readUInt16BE(2));
  }
  for (const fd of fds) close(fd);
  return ports;
}

/** `struct sockaddr_in`: the family in the host's order, the rest in the network's. */
function toSockaddr(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  for (const [at, part] of address.split(".").entries()) bytes.writeUInt8(Number(part), 4 + at);
  return bytes;
}
