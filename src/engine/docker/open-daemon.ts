import type { IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import Docker from "dockerode";
import { SandboxError } from "../../core/error.js";
import { toConnection } from "./daemon-connection.js";
import { toDaemonError } from "./daemon-error.js";
import type { FoundDaemon } from "./find-daemon.js";
import { type KnownImages, openKnownImages } from "./made-images.js";
import { isRecord, pick } from "./parse-answer.js";
import { readAnswer } from "./read-answer.js";

type Query = Readonly<Record<string, string | number | boolean | object>>;

/** One request to a daemon (docs.docker.com/engine/api). */
export interface DaemonRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  /** Without version and query, e.g. `/containers/create`. */
  readonly path: string;
  readonly query?: Query;
  readonly body?: object;
  /** Instead of a body: a tar. */
  readonly upload?: Readable | Buffer;
  /** What for, to follow "cannot": `start the container`. */
  readonly doing: string;
  /** HTTP statuses that are no error; the answer is then undefined. */
  readonly tolerate?: readonly number[];
  readonly abort?: AbortSignal;
  /** The daemon may be silent for as long as it likes: it waits for something itself. */
  readonly mayTakeLong?: boolean;
}

/** What `openDaemon` learned on the way. */
interface DaemonFacts {
  /** Of the API that is spoken, e.g. `1.41`. */
  readonly apiVersion: string;
  /** `Docker/20.10.24 (linux)` or `Libpod/…`. */
  readonly server: string;
}

/** Docker 20.10 and Podman 4: private cgroup namespaces and all that came before them. */
const OLDEST = [1, 41] as const;
const NEWEST = [1, 47] as const;
/** Of silence on the connection, in either direction: longer than a daemon needs on a slow disk. */
const SILENCE_MS = 120_000;
const SUCCESS: readonly number[] = [200, 201, 202, 204, 304];

/** A daemon that answers. All failures are `SandboxError`s, `sandbox-unavailable`. */
export class Daemon {
  readonly address: string;
  readonly facts: DaemonFacts;
  /** What we have made there. */
  readonly images: KnownImages;
  readonly #modems: Modems;

  constructor(
    found: FoundDaemon,
    modems: Modems,
    known: { readonly facts: DaemonFacts; readonly images: KnownImages },
  ) {
    this.address = found.address;
    this.#modems = modems;
    this.facts = known.facts;
    this.images = known.images;
  }

  /** The answer's JSON, or its bytes where it is none; undefined for a tolerated status. */
  async request(request: DaemonRequest): Promise<unknown> {
    const { doing, abort } = request;
    // docker-modem's own reading never settles where an answer breaks off.
    const answer = await this.#dial(request, { isStream: true });
    if (!isStream(answer)) return answer;
    try {
      return await readAnswer(answer, { doing, abort });
    } catch (error) {
      if (abort?.aborted === true) throw abort.reason;
      throw toDaemonError(error, { address: this.address, doing });
    }
  }

  /** The answer as it comes. */
  async open(request: DaemonRequest): Promise<Readable> {
    const answer = await this.#dial(request, { isStream: true });
    if (isStream(answer)) return answer;
    throw new SandboxError("sandbox-unavailable", `docker cannot ${request.doing}: no answer`);
  }

  /**
   * The streams of a container that is not started yet: what is written goes to its stdin, what comes is its output,
   * in frames (see `demux-output.ts`) or, with a terminal, as it is.
   */
  async attach(container: string, streams: { readonly stdin: boolean }): Promise<Duplex> {
    // A request whose body stays open would, where it is refused, keep the connection and so the process here.
    const refused = new AbortController();
    const answer = await this.#dial(
      {
        method: "POST",
        path: `/containers/${container}/attach`,
        query: {
          stream: true,
          stdout: true,
          stderr: true,
          ...(streams.stdin ? { stdin: true } : {}),
        },
        doing: "attach to the container",
        mayTakeLong: true,
        abort: refused.signal,
      },
      { isStream: true, hijack: true, openStdin: true, allowEmpty: true },
    ).catch((error: unknown) => {
      refused.abort();
      throw error;
    });
    if (isStream(answer) && "write" in answer) return answer as Duplex;
    throw new SandboxError("sandbox-unavailable", "docker cannot attach to the container");
  }

  #dial(request: DaemonRequest, how: object): Promise<unknown> {
    const { doing, tolerate = [], mayTakeLong = false } = request;
    return new Promise((resolve, reject) => {
      this.#modems[mayTakeLong ? "patient" : "brisk"].dial(
        toDialOptions(request, how),
        (error, answer) => {
          if (error === null || error === undefined) return resolve(answer ?? undefined);
          const status = pick(error, "statusCode");
          if (typeof status === "number" && tolerate.includes(status)) return resolve(undefined);
          if (request.abort?.aborted === true) return reject(request.abort.reason);
          reject(toDaemonError(error, { address: this.address, doing }));
        },
      );
    });
  }
}

/** How a daemon is used. */
interface DaemonUse {
  /** A directory of the user for what can be made anew. */
  readonly cacheDir?: string;
  /** Of silence on the connection before it is given up. */
  readonly silenceMs?: number;
}

/** Connects to `found` and agrees on a version of the API. Throws `sandbox-unavailable` where that cannot be. */
export async function openDaemon(found: FoundDaemon, use: DaemonUse = {}): Promise<Daemon> {
  const connection = await toConnection(found);
  const connect = (version: string | undefined): Modems => {
    // `host` is said even where there is none: docker-modem would else take its own from the environment.
    const options = { host: undefined, socketPath: undefined, version, ...connection };
    return {
      brisk: toModem(new Docker({ ...options, timeout: use.silenceMs ?? SILENCE_MS } as object)),
      patient: toModem(new Docker(options as object)),
    };
  };
  const images = openKnownImages(found.address, use.cacheDir);
  const unknown = { facts: { apiVersion: "", server: "" }, images };
  const answer = await ping(new Daemon(found, connect(undefined), unknown));
  const server = String(answer.headers["server"] ?? "");
  refuseOldPodman(found, server);
  const apiVersion = agree(String(answer.headers["api-version"] ?? ""), { found, server });
  return new Daemon(found, connect(`v${apiVersion}`), { facts: { apiVersion, server }, images });
}

async function ping(daemon: Daemon): Promise<IncomingMessage> {
  const answer = await daemon.open({ method: "GET", path: "/_ping", doing: "answer" });
  answer.resume();
  return answer as IncomingMessage;
}

/** Podman 4 takes a seccomp profile only as a path of its own host, and no owner of a tmpfs (tried: 4.3.1). */
function refuseOldPodman(found: FoundDaemon, server: string): void {
  const [, version = "", major = ""] = /^Libpod\/((\d+)\S*)/.exec(server) ?? [];
  if (major === "" || Number(major) > 4) return;
  throw new SandboxError(
    "sandbox-unavailable",
    `Podman ${version} at ${found.address} takes no seccomp profile through its API`,
    { hint: "--engine oci needs no daemon and no root; or a Docker daemon (DOCKER_HOST)" },
  );
}

function agree(
  offered: string,
  { found, server }: { readonly found: FoundDaemon; readonly server: string },
): string {
  const [major = 0, minor = 0] = offered.split(".").map(Number);
  if (major !== OLDEST[0])
    throw new SandboxError(
      "sandbox-unavailable",
      `what answers at ${found.address} is no Docker daemon`,
    );
  if (minor < OLDEST[1])
    throw new SandboxError(
      "sandbox-unavailable",
      `the daemon at ${found.address} is too old: ${server || "it"} speaks API ${offered}`,
      { hint: "Docker 20.10 or later (API 1.41) is needed" },
    );
  return `${major}.${Math.min(minor, NEWEST[1])}`;
}

/** docker-modem's, which has no types of its own. */
interface Modem {
  dial(options: object, callback: (error: unknown, answer: unknown) => void): void;
}

/** One that gives up on a daemon that says nothing, and one that does not. */
interface Modems {
  readonly brisk: Modem;
  readonly patient: Modem;
}

function toModem({ modem }: { readonly modem: unknown }): Modem {
  return modem as Modem;
}

/** docker-modem builds a query only where the path ends in `?`, and sends `options` itself where there is no `_body`. */
function toDialOptions(request: DaemonRequest, how: object): object {
  const { method, path, query, body, upload, abort } = request;
  const statuses = Object.fromEntries(SUCCESS.map((status) => [status, true]));
  return {
    path: query === undefined ? path : `${path}?`,
    method,
    options: { _query: query, _body: body ?? {} },
    statusCodes: statuses,
    ...(upload === undefined ? {} : { file: upload }),
    ...(abort === undefined ? {} : { abortSignal: abort }),
    ...how,
  };
}

function isStream(value: unknown): value is Readable {
  return isRecord(value) && typeof value["pipe"] === "function";
}
