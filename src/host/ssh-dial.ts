import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { Agent } from "node:http";
import { Duplex } from "node:stream";
import { SandboxError } from "../core/error.js";

/** Where `ssh` goes. The caller has made sure that nothing here begins with a dash. */
export interface SshDestination {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/** As Docker's CLI dials (docker/cli, `cli/connhelper`), but nothing is ever asked for. */
const OPTIONS = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-T"];
const REMOTE = ["docker", "system", "dial-stdio"];
const ENVIRONMENT = ["HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "LANG"];
const PATH = "/usr/local/bin:/usr/bin:/bin";
const MOST_WORDS = 4096;

/**
 * Connections to a daemon through the machine's own `ssh`, which checks host keys and finds identities as the person has told it.
 * Each is a process and some round trips, so they are kept and used again; none keeps this process alive.
 */
export function createSshAgent(destination: SshDestination): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });
  return Object.assign(agent, { createConnection: () => dial(destination) });
}

function dial({ host, user, port }: SshDestination): Duplex {
  const login = user === undefined ? [] : ["-l", user];
  const at = port === undefined ? [] : ["-p", `${port}`];
  const env = Object.fromEntries(
    ENVIRONMENT.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const child = spawn("ssh", [...OPTIONS, ...login, ...at, "--", host, ...REMOTE], {
    env: { ...env, PATH },
    cwd: "/",
  });
  return new SshStream(child, host);
}

/** What `ssh` carries, as far as Node's HTTP client asks for a socket. */
class SshStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #host: string;
  #words = "";

  constructor(child: ChildProcessWithoutNullStreams, host: string) {
    super({ allowHalfOpen: true });
    this.#child = child;
    this.#host = host;
    child.stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      this.#words = `${this.#words}${chunk}`.slice(-MOST_WORDS);
    });
    child.stdin.on("error", () => {});
    child.once("error", (error) => this.destroy(this.#toError(error)));
    child.once("close", (code) => {
      if (code === 0) this.push(null);
      else if (!this.destroyed) this.destroy(this.#toError(undefined));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    this.#child.ref();
    for (const stream of this.#pipes()) if ("ref" in stream) callOn(stream, "ref");
    return this;
  }

  unref(): this {
    this.#child.unref();
    for (const stream of this.#pipes()) if ("unref" in stream) callOn(stream, "unref");
    return this;
  }

  destroySoon(): void {
    this.end(() => this.destroy());
  }

  #pipes(): readonly object[] {
    return [this.#child.stdin, this.#child.stdout, this.#child.stderr];
  }

  #toError(cause: Error | undefined): SandboxError {
    const words = this.#words.trim().split("\n").at(-1)?.trim() ?? "";
    return new SandboxError(
      "sandbox-unavailable",
      `ssh to ${this.#host} failed: ${words === "" ? (cause?.message ?? "it ended") : words}`,
      { hint: `\`ssh ${this.#host} docker version\` must work without a question`, cause },
    );
  }
}

function callOn(stream: object, name: "ref" | "unref"): void {
  const found: unknown = Reflect.get(stream, name);
  if (typeof found === "function") Reflect.apply(found, stream, []);
}
