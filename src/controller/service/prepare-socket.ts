import { lstatSync, mkdirSync, statSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";
import type { Controller } from "../controller.js";

/** `sun_path` of unix(7), without its NUL. */
const MOST_BYTES = 107;

/** Where the service of a state directory keeps its own things. */
export function serviceDir(stateHome: string): string {
  return path.join(stateHome, "service");
}

/** The socket of a state directory's service, unless another was asked for. */
export function defaultSocket(stateHome: string): string {
  return path.join(serviceDir(stateHome), "socket");
}

/**
 * The lock of a state directory's one service; the kernel lets go of it with the process. Throws `busy` where another service has it.
 */
export async function lockService(controller: Controller): Promise<Disposable> {
  const { host, stateHome } = controller;
  const directory = serviceDir(stateHome);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = host.tryLockDirectory(await host.native(), directory);
  if (lock !== undefined) return lock;
  throw new SandboxError("busy", `another service runs on ${stateHome}`, {
    hint: "sandbox queue shows what it does",
  });
}

/**
 * Makes room for a socket at `file`: a dead one of ours is removed. Throws `usage` where something else or somebody else's is there, or where
 * others could replace it, and `busy` where somebody answers.
 */
export async function prepareSocket(file: string, uid: number): Promise<void> {
  if (Buffer.byteLength(file) > MOST_BYTES)
    throw new SandboxError(
      "usage",
      `the path of a socket has at most ${MOST_BYTES} bytes: ${file}`,
      {
        hint: "give a shorter one with --socket",
      },
    );
  refuseOpenDirectory(path.dirname(file), uid);
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket())
    throw new SandboxError("usage", `${file} is there and is no socket`, {
      hint: "give another one with --socket",
    });
  if (stat.uid !== uid)
    throw new SandboxError("usage", `${file} is the socket of user ${stat.uid}`, {
      hint: "give another one with --socket",
    });
  if (await isAnswered(file))
    throw new SandboxError("busy", `another service answers at ${file}`, {
      hint: "sandbox queue shows what it does",
    });
  unlinkSync(file);
}

/** Throws `usage` unless the socket at `file` is of `uid`: who else has it would get what is sent. Root may look at anybody's. */
export function checkSocket(file: string, uid: number): void {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new SandboxError("not-found", `no service at ${file}`, {
      hint: "start one: sandbox serve",
    });
  if (!stat.isSocket()) throw new SandboxError("usage", `${file} is no socket`);
  if (uid !== 0 && stat.uid !== uid)
    throw new SandboxError("usage", `${file} is the socket of user ${stat.uid}`, {
      hint: "over TCP with a token of yours: --connect and --token-file",
    });
}

function refuseOpenDirectory(directory: string, uid: number): void {
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(directory);
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR")) throw error;
    throw new SandboxError("usage", `there is no directory ${directory}`);
  }
  const isOpen = (stat.mode & 0o022) !== 0 && (stat.mode & 0o1000) === 0;
  if (isOpen || (stat.uid !== uid && stat.uid !== 0))
    throw new SandboxError("usage", `others could replace what is in ${directory}`, {
      hint: "put the socket into a directory of yours",
    });
}

async function isAnswered(file: string): Promise<boolean> {
  const socket = connect(file);
  return await new Promise((resolve) => {
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
