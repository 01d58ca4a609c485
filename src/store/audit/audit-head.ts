import { existsSync, readFileSync, renameSync } from "node:fs";
import { hasErrno } from "../../core/error.js";
import { syncDirectory, writeFileAtomic } from "../../host/atomic-file.js";
import { loadCrypto } from "../../host/sha256.js";
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
  /** The first 16 hexadecimal digits of the SHA-256 of the public key (SPKI, DER). */
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
  const { createPrivateKey, createPublicKey, verify } = loadCrypto();
  const own = createPublicKey(createPrivateKey(key));
  const signature = Buffer.from(head.signature, "base64");
  if (head.key !== toKeyId(own) || !verify(null, toSigned(head), own, signature))
    return { state: "bad", why: "the head of the log was not signed with this host's key" };
  return { state: "good", head };
}

/** Replaces the head with one over `claim`; makes the key with the first. The caller holds the log's lock. */
export function writeHead(files: AuditFiles, claim: HeadClaim): void {
  const { createPrivateKey, createPublicKey, sign } = loadCrypto();
  const known = readIfThere(files.key) ?? readIfThere(files.newKey);
  const pem = known ?? makeKey(files);
  const own = createPrivateKey(pem);
  const unsigned = {
    schema: "audit-head/1",
    ...claim,
    key: toKeyId(createPublicKey(own)),
  } as const;
  const signature = sign(null, toSigned(unsigned), own).toString("base64");
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
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  writeFileAtomic(files.newKey, pem);
  return pem;
}

function toKeyId(key: KeyObject): string {
  const der = key.export({ type: "spki", format: "der" });
  return loadCrypto().createHash("sha256").update(der).digest("hex").slice(0, 16);
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
