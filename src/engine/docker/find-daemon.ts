import { accessSync, constants, existsSync } from "node:fs";
import path from "node:path";
import { SandboxError } from "../../core/error.js";
import { readContext, readCurrentContext, type TlsMaterial } from "./read-context.js";

/** What a search for a daemon rests on: the invoker's environment and real home, never a workspace. */
export interface DaemonSearch {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The person's home directory. */
  readonly home: string;
  readonly uid: number;
  /** Address of the daemon that has a session already: that one, with whatever material the environment has for it. */
  readonly wanted?: string;
}

/** Where a daemon is. */
export interface FoundDaemon {
  /** `unix:///path`, `tcp://host:port` or `ssh://[user@]host[:port]`, canonical: kept in session records. */
  readonly address: string;
  /** Who says so, for messages. */
  readonly source: string;
  readonly tls?: TlsMaterial;
}

const DEFAULT_SOCKET = "/var/run/docker.sock";

/**
 * Finds the daemon as the docker CLI does (docker/cli, `resolveContextName`): DOCKER_HOST, DOCKER_CONTEXT, the current context,
 * the default socket; then the rootless socket and Podman's. Throws `sandbox-unavailable` for what does not parse. A socket
 * that does not exist is found all the same: connecting says what is wrong.
 */
export function findDaemon(search: DaemonSearch): FoundDaemon {
  const { wanted } = search;
  if (wanted === undefined) return findChosen(search);
  const chosen = tryChosen(search);
  return chosen?.address === wanted ? chosen : { address: wanted, source: "the session" };
}

/** What the environment names now may be broken without harm to a session that has its daemon. */
function tryChosen(search: DaemonSearch): FoundDaemon | undefined {
  try {
    return findChosen(search);
  } catch {
    return undefined;
  }
}

function findChosen(search: DaemonSearch): FoundDaemon {
  const { env } = search;
  const host = env["DOCKER_HOST"];
  if (host !== undefined && host !== "") {
    const tls = toEnvTls(search);
    return {
      address: toAddress(host, "DOCKER_HOST"),
      source: "DOCKER_HOST",
      ...(tls === undefined ? {} : { tls }),
    };
  }
  const config = toConfigDirectory(search);
  const named = env["DOCKER_CONTEXT"];
  const context = named !== undefined && named !== "" ? named : readCurrentContext(config);
  if (context === undefined || context === "default") return findSocket(search);
  const { host: endpoint, tls } = readContext(config, context);
  const source = `context ${context}`;
  return { address: toAddress(endpoint, source), source, ...(tls === undefined ? {} : { tls }) };
}

/** Relative paths would be a workspace's. */
function toConfigDirectory({ env, home }: DaemonSearch): string {
  const own = env["DOCKER_CONFIG"];
  return own !== undefined && path.isAbsolute(own) ? own : path.join(home, ".docker");
}

function toEnvTls(search: DaemonSearch): TlsMaterial | undefined {
  const verify = search.env["DOCKER_TLS_VERIFY"];
  if (verify === undefined || verify === "") return undefined;
  const own = search.env["DOCKER_CERT_PATH"];
  if (own !== undefined && own !== "" && !path.isAbsolute(own))
    throw new SandboxError("sandbox-unavailable", `DOCKER_CERT_PATH is not absolute: ${own}`);
  return {
    directory: own === undefined || own === "" ? toConfigDirectory(search) : own,
    verify: true,
  };
}

/** The first socket that can be used, else the first that is there, else Docker's own. */
function findSocket({ env, uid }: DaemonSearch): FoundDaemon {
  const own = env["XDG_RUNTIME_DIR"];
  const runtime = own !== undefined && path.isAbsolute(own) ? own : `/run/user/${uid}`;
  const places: readonly (readonly [string, string])[] = [
    [DEFAULT_SOCKET, "the default socket"],
    [path.join(runtime, "docker.sock"), "rootless Docker's socket"],
    [path.join(runtime, "podman", "podman.sock"), "Podman's socket"],
    ["/run/podman/podman.sock", "Podman's socket"],
  ];
  const [socket, source] = places.find(([one]) => isUsable(one)) ??
    places.find(([one]) => existsSync(one)) ?? [DEFAULT_SOCKET, "the default socket"];
  return { address: `unix://${socket}`, source };
}

function isUsable(socket: string): boolean {
  try {
    accessSync(socket, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const TCP_PORT = 2375;

/** One spelling for one daemon. */
function toAddress(text: string, source: string): string {
  const full = text.includes("://") ? text : `tcp://${text}`;
  const address = full.startsWith("unix://") ? toUnixAddress(full) : toUrlAddress(full);
  if (address !== undefined) return address;
  throw new SandboxError("sandbox-unavailable", `${source}: no address of a daemon: ${text}`, {
    hint: "unix:///run/docker.sock, tcp://host:2376 or ssh://user@host",
  });
}

function toUnixAddress(full: string): string | undefined {
  const socket = full.slice("unix://".length);
  if (socket === "") return `unix://${DEFAULT_SOCKET}`;
  return path.isAbsolute(socket) ? `unix://${path.normalize(socket)}` : undefined;
}

function toUrlAddress(full: string): string | undefined {
  if (!URL.canParse(full)) return undefined;
  const { protocol, hostname, port, host, username, password, pathname } = new URL(full);
  // A name that begins with a dash would be an option of ssh.
  if (!/^[\w[]/.test(hostname) || password !== "" || pathname.length > 1) return undefined;
  if (protocol === "tcp:") return `tcp://${hostname}:${port === "" ? TCP_PORT : port}`;
  if (protocol === "ssh:") return `ssh://${username === "" ? "" : `${username}@`}${host}`;
  return undefined;
}
