import { closeSync, constants, openSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type NativeSockets, openNativeSockets } from "./native-sockets.js";
import { toDescriptor } from "./socket-descriptor.js";

/** Descriptors that another process has handed over. */
interface HandedOver {
  /** From now on they are the caller's to close. */
  take(): readonly number[];
  /** Tells the other process that it was done, in one byte. */
  confirm(): void;
}

/** A socket where another process hands descriptors over, once. Disposing of it leaves nothing: what nobody took is closed. */
export interface DescriptorInbox extends Disposable {
  /** Absolute path of the socket. */
  readonly path: string;
  readonly native: NativeSockets;
  /** Waits for the first who comes. Rejects with a plain `Error` where that is not `count` descriptors, or on disposal. */
  receive(count: number): Promise<HandedOver>;
}

const POLL_MS = 1;

/** Makes the socket `name` in `directory`, which only those who may hand something over can enter. A dead one there is replaced. */
export async function openDescriptorInbox(
  directory: string,
  name: string,
): Promise<DescriptorInbox> {
  const file = path.join(directory, name);
  rmSync(file, { force: true });
  // Whatever its length, the address of a socket has 108 bytes (unix(7)).
  const at = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  // Nothing may be read before recvmsg(2) does, or the descriptors are lost.
  const server = createServer({ pauseOnConnect: true });
  try {
    await listen(server, `/proc/self/fd/${at}/${name}`);
    return new OpenInbox({ file, at, server });
  } catch (error) {
    closeSync(at);
    throw error;
  }
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, resolve);
  });
}

interface InboxParts {
  readonly file: string;
  readonly at: number;
  readonly server: Server;
}

class OpenInbox implements DescriptorInbox {
  readonly path: string;
  readonly #parts: InboxParts;
  #native: NativeSockets | undefined;
  readonly #came: Promise<Socket>;
  #giveUp: (error: Error) => void = () => {};
  #socket: Socket | undefined;
  #held: readonly number[] = [];
  #isClosed = false;

  constructor(parts: InboxParts) {
    this.path = parts.file;
    this.#parts = parts;
    this.#came = new Promise((resolve, reject) => {
      this.#giveUp = reject;
      parts.server.on("connection", (socket) => {
        socket.on("error", () => {});
        if (this.#socket !== undefined || this.#isClosed) return void socket.destroy();
        this.#socket = socket;
        resolve(socket);
      });
    });
    this.#came.catch(() => {});
  }

  /** Loading it takes some milliseconds, in which the other side may do something. */
  get native(): NativeSockets {
    this.#native ??= openNativeSockets();
    return this.#native;
  }

  async receive(count: number): Promise<HandedOver> {
    const { native } = this;
    const socket = await this.#came;
    let handed = this.#look(socket, { native, count });
    while (handed === undefined) {
      await delay(POLL_MS);
      handed = this.#look(socket, { native, count });
    }
    return handed;
  }

  /** Undefined where nothing has come yet. */
  #look(
    socket: Socket,
    { native, count }: { readonly native: NativeSockets; readonly count: number },
  ): HandedOver | undefined {
    const fd = this.#isClosed ? undefined : toDescriptor(socket);
    if (fd === undefined) throw closed();
    const received = native.receiveDescriptors(fd);
    if (received === undefined) return undefined;
    if (received === "end") throw new Error("no descriptors were handed over");
    const { descriptors, isCut } = received;
    this.#held = descriptors;
    if (descriptors.length !== count || isCut)
      throw new Error(`${descriptors.length} descriptors were handed over, not ${count}`);
    return { take: () => this.#take(), confirm: () => void socket.write("x") };
  }

  #take(): readonly number[] {
    const taken = this.#held;
    this.#held = [];
    return taken;
  }

  /** What lies unread at a socket goes with it. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#giveUp(closed());
    this.#socket?.destroySoon();
    const { server, at, file } = this.#parts;
    // It removes the socket by the name it has below this directory: that must still be open.
    server.close();
    closeSync(at);
    rmSync(file, { force: true });
    for (const fd of this.#take()) closeSync(fd);
  }
}

function closed(): Error {
  return new Error("nobody waits for descriptors any more");
}
