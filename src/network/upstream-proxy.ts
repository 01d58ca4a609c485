import { SandboxError } from "../core/error.js";
import { parseHost } from "../core/host-name.js";

/** A proxy that stands before this host. */
export interface UpstreamProxy {
  readonly host: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`. Never to be shown. */
  readonly authorization?: string;
}

/** Variables as curl and most others read them; the lower case wins, and of HTTP_PROXY only that exists in a CGI's environment. */
interface ProxyEnv {
  readonly [name: string]: string | undefined;
}

/** The proxy for a place; undefined is none. What is `plain` is a request of HTTP that it can read; all else is a tunnel. */
export type UpstreamFor = (
  place: { readonly host: string; readonly port: number },
  kind: "plain" | "tunnel",
) => UpstreamProxy | undefined;

/**
 * Which proxy of the environment is for a place: `HTTP_PROXY` for plain requests, `HTTPS_PROXY` for tunnels, `ALL_PROXY` where one is not set, none for what
 * `NO_PROXY` lists or the loopback. Undefined where none is set at all. Throws `usage` for one that cannot be used.
 */
export function toUpstreamFor(env: ProxyEnv): UpstreamFor | undefined {
  const read = (name: string): string | undefined =>
    [env[name.toLowerCase()], env[name]].find((value) => value !== undefined && value !== "");
  const all = read("ALL_PROXY");
  const secure = parseProxy("HTTPS_PROXY", read("HTTPS_PROXY") ?? all);
  const plain = parseProxy("HTTP_PROXY", read("HTTP_PROXY") ?? all);
  if (secure === undefined && plain === undefined) return undefined;
  const exceptions = (read("NO_PROXY") ?? "").split(/[\s,]+/).filter((entry) => entry !== "");
  return (place, kind) => {
    if (isLoopback(place.host) || exceptions.some((entry) => isException(entry, place)))
      return undefined;
    return kind === "plain" ? plain : secure;
  };
}

function parseProxy(name: string, text: string | undefined): UpstreamProxy | undefined {
  if (text === undefined) return undefined;
  const url = tryUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === undefined || url.protocol !== "http:" || url.hostname === "")
    throw new SandboxError("usage", `${name} of this host is no proxy that can be used`, {
      hint: `give it as http://[USER:PASSWORD@]HOST:PORT, or unset ${name}`,
    });
  const user = `${unescapePercents(url.username)}:${unescapePercents(url.password)}`;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 80 : Number(url.port),
    ...(user === ":" ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` }),
  };
}

/** As curl does: a `%` that begins no escape stands for itself, as in a password that nobody escaped. */
function unescapePercents(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) =>
    Buffer.from(escaped.replaceAll("%", ""), "hex").toString(),
  );
}

function tryUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** An entry is `*`, a name or its suffix (with or without a dot before it), or an address; each may have a port. Ranges are not taken. */
function isException(
  entry: string,
  place: { readonly host: string; readonly port: number },
): boolean {
  if (entry === "*") return true;
  const [, name = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
  if (port !== undefined && Number(port) !== place.port) return false;
  const parsed = parseHost(name.replace(/^\*?\./, ""));
  if ("problem" in parsed) return false;
  return (
    place.host === parsed.host || (!parsed.isAddress && place.host.endsWith(`.${parsed.host}`))
  );
}
