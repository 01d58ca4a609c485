import { isSandboxError, SandboxError } from "../../core/error.js";
import { pick, pickText } from "./parse-answer.js";

/** What a request was for, for messages. */
export interface ErrorContext {
  readonly address: string;
  /** e.g. `start the container`. */
  readonly doing: string;
}

/** A failure of a daemon as docker-modem throws it, as one line with the mend: `sandbox-unavailable`. */
export function toDaemonError(error: unknown, context: ErrorContext): SandboxError {
  // What the way to the daemon said of itself.
  if (isSandboxError(error)) return error;
  const status = pick(error, "statusCode");
  if (typeof status !== "number") return toConnectionError(error, context);
  const said = toMessage(error);
  const known = KNOWN.find(({ pattern }) => pattern.test(said));
  const short = shorten(said);
  if (known === undefined)
    return new SandboxError("sandbox-unavailable", `docker cannot ${context.doing}: ${short}`, {
      cause: error,
    });
  return new SandboxError("sandbox-unavailable", `${known.says}: ${short}`, {
    hint: known.hint,
    cause: error,
  });
}

/** True where the daemon itself answered that it would not; false where it did not answer to the end. */
export function isRefusal(error: unknown): boolean {
  const cause = pick(error, "cause");
  return typeof pick(cause, "statusCode") === "number" && !STOPPING.test(toMessage(cause));
}

/** What a daemon answers to requests that it did not come to the end of, because it was told to stop. */
const STOPPING = /client connection is closing|context canceled|daemon is shutting down/i;

/** Sentences of daemons that a person can do something about (moby, daemon/ and runtimes' own). */
const KNOWN: readonly {
  readonly pattern: RegExp;
  readonly says: string;
  readonly hint: string;
}[] = [
  {
    pattern: STOPPING,
    says: "the Docker daemon was being stopped",
    hint: "start it, and try again",
  },
  {
    pattern: /no space left on device|disk quota exceeded/i,
    says: "the daemon's disk is full",
    hint: "`docker system df` says what takes the space; `sandbox prune` removes what is ours",
  },
  {
    pattern: /file name too long|name too long/i,
    says: "a path is too long for the daemon",
    hint: "a directory with a shorter path, or --engine oci",
  },
  {
    pattern: /unknown or invalid runtime|unknown runtime/i,
    says: "the daemon does not have this runtime",
    hint: "name it under `runtimes` in the daemon's /etc/docker/daemon.json and restart the daemon",
  },
  {
    // gVisor asks for its own network stack even in a container that has no network.
    pattern: /network enabled in root network namespace/i,
    says: "gVisor cannot set up its network in the container",
    hint: 'give runsc in the daemon\'s /etc/docker/daemon.json `"runtimeArgs": ["--network=none"]` and restart the daemon; or --engine oci',
  },
  {
    pattern: /seccomp/i,
    says: "the daemon cannot apply our seccomp profile",
    hint: "it needs a kernel with CONFIG_SECCOMP_FILTER and a runtime built with seccomp",
  },
  {
    pattern: /failed to mount local volume|error while mounting volume|volume driver/i,
    says: "the daemon refused an overlay volume",
    hint: "the daemon's host needs overlayfs with `userxattr` (Linux 5.11 or later)",
  },
  {
    pattern: /client version .* is too (old|new)|minimum supported api version/i,
    says: "the daemon speaks another API version",
    hint: "Docker 20.10 or later is needed",
  },
];

const LONGEST_WORD = 120;
const LONGEST = 600;

/** What a daemon says repeats paths whole: their middle says least. */
function shorten(text: string): string {
  const words = text.replace(/[^\s"',:=]+/g, (word) => cut(word, LONGEST_WORD));
  return cut(words, LONGEST);
}

function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const kept = Math.floor((longest - 1) / 2);
  return `${text.slice(0, kept)}…${text.slice(-kept)}`;
}

function toMessage(error: unknown): string {
  const json = pick(error, "json", "message");
  const text = typeof json === "string" ? json : pickText(error, "message");
  return text
    .replace(/^\(HTTP code \d+\) unexpected - /, "")
    .replace(/\s+/g, " ")
    .trim();
}

function toConnectionError(error: unknown, { address, doing }: ErrorContext): SandboxError {
  const code = pick(error, "code");
  switch (code) {
    case "EACCES":
    case "EPERM":
      return new SandboxError("sandbox-unavailable", `permission denied on ${address}`, {
        hint: "`sudo usermod -aG docker $USER` and a new login, or rootless Docker",
        cause: error,
      });
    case "ENOENT":
    case "ECONNREFUSED":
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return new SandboxError("sandbox-unavailable", `no Docker daemon answers at ${address}`, {
        hint: "start it (`sudo systemctl start docker`), or say where it is by DOCKER_HOST",
        cause: error,
      });
    case "ECONNRESET":
    case "EPIPE":
      return new SandboxError(
        "sandbox-unavailable",
        `the Docker daemon at ${address} went away (while it was to ${doing})`,
        { hint: "look at the daemon's log, start it, and try again", cause: error },
      );
    default:
      return new SandboxError(
        "sandbox-unavailable",
        `the Docker daemon at ${address} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
  }
}
