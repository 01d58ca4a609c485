import { readFileSync } from "node:fs";
import type { Agent as HttpAgent } from "node:http";
import { Agent } from "node:https";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";
import { createSshAgent } from "../../host/ssh-dial.js";
import type { FoundDaemon } from "./find-daemon.js";
import type { TlsMaterial } from "./read-context.js";

/** What docker-modem needs for a daemon that is reached by TLS or ssh. */
interface FarConnection {
  readonly host: string;
  readonly port: number;
  readonly protocol: "http" | "https";
  readonly agent: HttpAgent;
}

/** The connection to a daemon by TLS or ssh. */
export function toFarConnection({ address, tls }: FoundDaemon): FarConnection {
  const url = new URL(address);
  if (url.protocol === "ssh:") {
    const { hostname: host, username: user, port } = url;
    const agent = createSshAgent({
      host,
      ...(user === "" ? {} : { user }),
      ...(port === "" ? {} : { port: Number(port) }),
    });
    return { host, port: 80, protocol: "http", agent };
  }
  if (tls === undefined) throw new Error(`${address} is not far away`);
  return {
    host: url.hostname,
    port: Number(url.port),
    protocol: "https",
    agent: new Agent({ ...readMaterial(tls), rejectUnauthorized: tls.verify }),
  };
}

/** What there is of it; a daemon that wants more says so. */
function readMaterial({ directory }: TlsMaterial): {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
} {
  const ca = readPart(directory, "ca.pem");
  const cert = readPart(directory, "cert.pem");
  const key = readPart(directory, "key.pem");
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

function readPart(directory: string, name: string): string | undefined {
  const file = path.join(directory, name);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw new SandboxError("sandbox-unavailable", `${file} cannot be read`, { cause: error });
  }
}
