import { createHmac } from "node:crypto";

/** A line of a `known_hosts` (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
interface KnownHost {
  readonly isRevoked: boolean;
  /** Names and patterns, or one hashed name. */
  readonly names: readonly string[];
  readonly blob: Buffer;
}

/** The lines that say something of keys. Authorities of certificates and what has no right form are left out: they prove nothing here. */
export function parseKnownHosts(text: string): readonly KnownHost[] {
  return text.split("\n").flatMap((line) => {
    const fields = line.trim().split(/[ \t]+/);
    const marker = fields[0]?.startsWith("@") === true ? fields.shift() : undefined;
    const [names = "", type = "", encoded = ""] = fields;
    if (names === "" || names.startsWith("#") || (marker ?? "@revoked") !== "@revoked") return [];
    const blob = parseKey(`${type} ${encoded}`);
    return blob === undefined
      ? []
      : [{ isRevoked: marker !== undefined, names: names.split(","), blob }];
  });
}

/** The bytes of a public key as it is written, `TYPE BASE64`; undefined where it is none. */
export function parseKey(text: string): Buffer | undefined {
  const [, type = "", encoded = ""] = /^(\S{1,100}) ([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  const blob = Buffer.from(encoded, "base64");
  const name = Buffer.from(type, "latin1");
  if (type === "" || blob.length < 4 + name.length) return undefined;
  const isOfType =
    blob.readUInt32BE() === name.length && blob.subarray(4, 4 + name.length).equals(name);
  return isOfType ? blob : undefined;
}

/** The keys by which a host is known at a port, without those that were revoked. */
export function findHostKeys(
  known: readonly KnownHost[],
  place: { readonly host: string; readonly port: number },
): readonly Buffer[] {
  const name = toKnownName(place);
  const fitting = known.filter(({ names }) => matchesNames(names, name));
  const revoked = fitting.filter(({ isRevoked }) => isRevoked);
  return fitting
    .filter((one) => !one.isRevoked && !revoked.some(({ blob }) => blob.equals(one.blob)))
    .map(({ blob }) => blob);
}

/** The lines of a `known_hosts` by which a client knows a place. */
export function toKnownHosts(
  place: { readonly host: string; readonly port: number },
  keys: readonly Buffer[],
): string {
  const name = toKnownName(place);
  return keys
    .map((blob) => {
      const type = blob.subarray(4, 4 + blob.readUInt32BE()).toString("latin1");
      return `${name} ${type} ${blob.toString("base64")}\n`;
    })
    .join("");
}

function toKnownName({ host, port }: { readonly host: string; readonly port: number }): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

function matchesNames(names: readonly string[], name: string): boolean {
  const [first = ""] = names;
  if (first.startsWith("|")) return names.length === 1 && isHashOf(first, name);
  const fits = (pattern: string): boolean => toPattern(pattern).test(name);
  if (names.some((one) => one.startsWith("!") && fits(one.slice(1)))) return false;
  return names.some((one) => !one.startsWith("!") && fits(one));
}

/** `|1|SALT|HASH`: HMAC-SHA1 of the name. */
function isHashOf(text: string, name: string): boolean {
  const [, salt = "", hash = ""] = /^\|1\|([A-Za-z0-9+/]+=*)\|([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  if (salt === "") return false;
  const hmac = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return hmac.equals(Buffer.from(hash, "base64"));
}

/** `*` and `?`, as in ssh_config(5), PATTERNS. */
function toPattern(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "i");
}
