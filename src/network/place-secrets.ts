import { isSameHost } from "../core/host-name.js";
import { isLimited, matchesPlace, matchesRequest } from "../core/match-host.js";
import type { OpenSecret } from "../core/open-secret.js";
import { isPath } from "../core/path-prefix.js";
import type { SecretPlace } from "../core/profile.js";
import type { HostRule } from "../core/send.js";

/** A request into which values may be put. */
export interface SecretRequest {
  readonly host: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly isTls: boolean;
  /** A header of it may make another method or path of it. */
  readonly isAmbiguous: boolean;
}

/** Puts values in the place of placeholders of one request, and knows what it did. */
export interface Placement {
  /** Names of secrets: put in, and found where they may not be. */
  readonly used: ReadonlySet<string>;
  readonly misplaced: ReadonlySet<string>;
  /** Names and values in turn. */
  headers(raw: readonly string[]): string[];
  query(text: string): string;
  /** Only looks. */
  path(text: string): void;
  /** A piece of a body that holds whole placeholders. */
  body(bytes: Buffer): Buffer;
  /** Those that `body` would put in, and of all: how long the longest placeholder is, in bytes. */
  readonly inBody: readonly OpenSecret[];
  readonly longest: number;
}

/** Undefined where there are no secrets at all. */
export function openPlacement(
  secrets: readonly OpenSecret[],
  request: SecretRequest,
): Placement | undefined {
  if (secrets.length === 0) return undefined;
  const used = new Set<string>();
  const misplaced = new Set<string>();
  const allowed = new Set(secrets.filter((secret) => mayHave(secret, request)));
  const put = (text: string, place: SecretPlace, encode = same): string =>
    secrets.reduce((before, secret) => {
      const forms = [...new Set([secret.placeholder, encode(secret.placeholder)])];
      const found = forms.filter((form) => before.includes(form));
      if (found.length === 0) return before;
      const isAllowed = allowed.has(secret) && secret.places.includes(place);
      (isAllowed ? used : misplaced).add(secret.name);
      return isAllowed ? replaceEach(before, found, encode(secret.value)) : before;
    }, text);
  const header = (name: string, value: string): string => {
    const [, scheme, encoded] = /^(basic +)([A-Za-z0-9+/=_-]+)$/i.exec(value) ?? [];
    if (name.toLowerCase() !== "authorization" || scheme === undefined) return put(value, "header");
    const decoded = Buffer.from(encoded ?? "", "base64").toString();
    const placed = put(decoded, "basic");
    return placed === decoded ? value : `${scheme}${Buffer.from(placed).toString("base64")}`;
  };
  return {
    used,
    misplaced,
    headers: (raw) =>
      raw.map((text, at) => (at % 2 === 0 ? text : header(raw[at - 1] ?? "", text))),
    query: (text) => put(text, "query", encodeURIComponent),
    path: (text) => {
      for (const { name, placeholder } of secrets)
        if (text.includes(placeholder)) misplaced.add(name);
    },
    // One byte a character both ways: what is no text stays as it is.
    body: (bytes) => {
      const isThere = secrets.some(({ placeholder }) => bytes.includes(placeholder));
      return isThere
        ? Buffer.from(put(bytes.toString("latin1"), "body", toBytes), "latin1")
        : bytes;
    },
    inBody: secrets.filter((secret) => allowed.has(secret) && secret.places.includes("body")),
    longest: Math.max(...secrets.map(({ placeholder }) => Buffer.byteLength(placeholder))),
  };
}

/** TRACE is answered with the request itself. */
function mayHave({ hosts, git }: OpenSecret, request: SecretRequest): boolean {
  // For git it says which; else plain HTTP is for this machine alone.
  const isSafe =
    git === undefined
      ? request.isTls || isSameHost(request.host, "localhost")
      : request.isTls === (git.scheme === "https") && isGitRequest(git.access, request);
  if (!isSafe || request.method === "TRACE") return false;
  return hosts.some((rule) => matchesPlace(rule, request) && isForRequest(rule, request));
}

/** What may be another request than its line says is none of those that a limited rule means. */
function isForRequest(rule: HostRule, request: SecretRequest): boolean {
  return matchesRequest(rule, request) && !(isLimited(rule) && request.isAmbiguous);
}

/** Segments that every server reads in the same way: nothing else may be meant by the end of a path than what it says. */
const PLAIN_PATH = /^(?:\/(?!\.\.?(?:\/|$))(?:[\w.~!$&'()*+,=:@-]|%20|%[89a-f][\da-f])+)+$/i;

/** A server that takes what follows a service for its path's end would do that one: a push that looks like a fetch. */
const TWO_SERVICES = /\/git-(?:receive|upload)-pack\/|\/info\/refs\//i;

/** What git asks for by HTTP (gitprotocol-http(5)), at the end of a repository's path. */
function isGitRequest(
  access: "read" | "write",
  { method, path, isAmbiguous }: SecretRequest,
): boolean {
  if (isAmbiguous || !PLAIN_PATH.test(path) || !isPath(path) || TWO_SERVICES.test(path))
    return false;
  if (method === "GET") return path.endsWith("/info/refs");
  const isPush = path.endsWith("/git-receive-pack");
  return method === "POST" && (isPush ? access === "write" : path.endsWith("/git-upload-pack"));
}

/** A function, because a replacement's text has signs of its own (`$&`). */
function replaceEach(text: string, forms: readonly string[], value: string): string {
  return forms.reduce((before, form) => before.replaceAll(form, () => value), text);
}

function same(text: string): string {
  return text;
}

/** UTF-8, a character for each byte. */
function toBytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}
