import { existsSync, readFileSync, renameSync } from "node:fs";
import { hasErrno, SandboxError } from "../../core/error.js";
import { syncDirectory, writeFileAtomic } from "../../host/atomic-file.js";
import { loadCrypto, sha256Hex } from "../../host/sha256.js";
import type { AuditFiles } from "./audit-files.js";

type KeyObject = import("node:crypto").KeyObject;

/**
 * The host's signature over the end of the log: that the record `seq` was there with this hash. Whoever cuts the log shorter than its
 * head, or alters what is before it, needs the key to hide it.
 */
interface AuditHead {
  readonly schema: "audit-head/1";
  readonly seq: number;
  readonly hash: string;
  readonly at: string;
  /** The first 16 hexadecimal digits of the SHA-256 of the public key (`x` of its JWK, RFC 8037). */
  readonly key: string;
  /** Ed25519 (RFC 8032) over the other fields, a line each; base64. */
  readonly signature: string;
}

/** What a head says, before it is signed. */
export type HeadClaim = Pick<AuditHead, "seq" | "hash" | "at">;

/** What is known of the newest head. */
export type FoundHead =
  /** Nothing was ever signed. */
  | { readonly state: "none" }
  | { readonly state: "good"; readonly head: AuditHead }
  | { readonly state: "bad"; readonly why: string };

/** The head of the log, its signature checked. */
export function readHead(files: AuditFiles): FoundHead {
  const text = readIfThere(files.head);
  const key = readIfThere(files.key) ?? readIfThere(files.newKey);
  if (text === undefined)
    return existsSync(files.key)
      ? { state: "bad", why: "the signed head of the log is missing" }
      : { state: "none" };
  const head = parseHead(text);
  if (head === undefined) return { state: "bad", why: "the head of the log is no head" };
  if (key === undefined)
    return { state: "bad", why: "the key that signed the head of the log is missing" };
  const own = parseKey(files, key);
  const signature = Buffer.from(head.signature, "base64");
  const { createPublicKey, verify } = loadCrypto();
  if (head.key !== toKeyId(own) || !verify(null, toSigned(head), createPublicKey(own), signature))
    return { state: "bad", why: "the head of the log was not signed with this host's key" };
  return { state: "good", head };
}

/** Replaces the head with one over `claim`; makes the key with the first. The caller holds the log's lock. */
export function writeHead(files: AuditFiles, claim: HeadClaim): void {
  const known = readIfThere(files.key) ?? readIfThere(files.newKey);
  const own = parseKey(files, known ?? makeKey(files));
  const unsigned = { schema: "audit-head/1", ...claim, key: toKeyId(own) } as const;
  const signature = loadCrypto().sign(null, toSigned(unsigned), own).toString("base64");
  writeFileAtomic(files.head, `${JSON.stringify({ ...unsigned, signature })}\n`, {
    sync: "content",
  });
  // The key gets its name when there is a head: a key without one means that the head was taken away.
  if (existsSync(files.key)) return;
  syncDirectory(files.dir);
  renameSync(files.newKey, files.key);
  syncDirectory(files.dir);
}

function makeKey(files: AuditFiles): string {
  const { privateKey } = loadCrypto().generateKeyPairSync("ed25519");
  const text = `${JSON.stringify(privateKey.export({ format: "jwk" }))}\n`;
  writeFileAtomic(files.newKey, text);
  return text;
}

/** As a JWK: to read one in PEM takes milliseconds that each run with changes would pay. Throws `damaged`. */
function parseKey({ key: file }: AuditFiles, text: string): KeyObject {
  try {
    return loadCrypto().createPrivateKey({ key: JSON.parse(text), format: "jwk" });
  } catch (error) {
    throw new SandboxError("damaged", `${file} is not the key of an audit log`, {
      hint: "put it back from a backup, or move the audit directory away: a new log begins then",
      cause: error,
    });
  }
}

function toKeyId(key: KeyObject): string {
  return sha256Hex(key.export({ format: "jwk" }).x ?? "").slice(0, 16);
}

function toSigned({ seq, hash, at, key }: Omit<AuditHead, "signature">): Buffer {
  return Buffer.from(["audit-head/1", seq, hash, at, key].map((line) => `${line}\n`).join(""));
}

/** Checked by hand: a schema would take longer to load than all else here takes. */
function parseHead(text: string): AuditHead | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return isHead(value) ? value : undefined;
}

function isHead(value: unknown): value is AuditHead {
  if (typeof value !== "object" || value === null) return false;
  const { schema, seq, hash, at, key, signature } = value as Record<string, unknown>;
  const texts = [hash, at, key, signature];
  return (
    schema === "audit-head/1" &&
    Number.isSafeInteger(seq) &&
    texts.every((text) => typeof text === "string")
  );
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
