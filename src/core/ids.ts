/** `s-` and 10 characters of lower-case base32 (RFC 4648 alphabet, a–z and 2–7). */
export type SessionId = string & { readonly __brand: "SessionId" };
/** `c-` and 10 characters of lower-case base32. */
export type CommitId = string & { readonly __brand: "CommitId" };
/** `a-` and 10 characters of lower-case base32: a question to a person. */
export type ApprovalId = string & { readonly __brand: "ApprovalId" };
/** `q-` and 10 characters of lower-case base32: an action in the queue. */
export type ActionId = string & { readonly __brand: "ActionId" };
/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = string & { readonly __brand: "Digest" };

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const ID_LENGTH = 10;
const PREFIX = "sha256:";
const HEX_DIGITS = 64;

/** The session id `text` spells, or undefined. */
export function parseSessionId(text: string): SessionId | undefined {
  return /^s-[a-z2-7]{10}$/.test(text) ? (text as SessionId) : undefined;
}

/** The commit id `text` spells, or undefined. */
export function parseCommitId(text: string): CommitId | undefined {
  return /^c-[a-z2-7]{10}$/.test(text) ? (text as CommitId) : undefined;
}

/** The approval id `text` spells, or undefined. */
export function parseApprovalId(text: string): ApprovalId | undefined {
  return /^a-[a-z2-7]{10}$/.test(text) ? (text as ApprovalId) : undefined;
}

/** The action id `text` spells, or undefined. */
export function parseActionId(text: string): ActionId | undefined {
  return /^q-[a-z2-7]{10}$/.test(text) ? (text as ActionId) : undefined;
}

/** The digest `text` spells, or undefined. Without a pattern: a big changeset holds half a million of them. */
export function parseDigest(text: string): Digest | undefined {
  if (text.length !== PREFIX.length + HEX_DIGITS || !text.startsWith(PREFIX)) return undefined;
  for (let at = PREFIX.length; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isHex = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);
    if (!isHex) return undefined;
  }
  return text as Digest;
}

/** A digest from the 64 hexadecimal digits of a SHA-256. */
export function toDigest(hex: string): Digest {
  const digest = parseDigest(`sha256:${hex}`);
  if (digest === undefined) throw new Error(`not a SHA-256 in hexadecimal: ${hex}`);
  return digest;
}

/** A session id from at least 10 random bytes. */
export function toSessionId(random: Uint8Array): SessionId {
  return `s-${base32(random)}` as SessionId;
}

/** A commit id from at least 10 random bytes. */
export function toCommitId(random: Uint8Array): CommitId {
  return `c-${base32(random)}` as CommitId;
}

/** An approval id from at least 10 random bytes. */
export function toApprovalId(random: Uint8Array): ApprovalId {
  return `a-${base32(random)}` as ApprovalId;
}

/** An action id from at least 10 random bytes. */
export function toActionId(random: Uint8Array): ActionId {
  return `q-${base32(random)}` as ActionId;
}

function base32(random: Uint8Array): string {
  if (random.length < ID_LENGTH) throw new Error("an id needs 10 random bytes");
  return Array.from(random.subarray(0, ID_LENGTH), (byte) => ALPHABET[byte & 31]).join("");
}
