import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { WireError, WireReader } from "./wire.js";

/** As `ssh-keygen -l` prints it: `SHA256:` and 43 characters. */
export function toFingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** Shorter ones can be factored. */
const LEAST_RSA_BITS = 2048;

const CURVES = {
  "ecdsa-sha2-nistp256": { curve: "nistp256", crv: "P-256", hash: "sha256", size: 32 },
  "ecdsa-sha2-nistp384": { curve: "nistp384", crv: "P-384", hash: "sha384", size: 48 },
  "ecdsa-sha2-nistp521": { curve: "nistp521", crv: "P-521", hash: "sha512", size: 66 },
} as const;

const RSA_HASHES: Readonly<Record<string, string>> = {
  "rsa-sha2-256": "sha256",
  "rsa-sha2-512": "sha512",
};

/**
 * Whether `signature` is that of `data` by the host key `blob`: Ed25519 (RFC 8709), ECDSA (RFC 5656) or RSA with SHA-2 (RFC 8332). Any other kind of key,
 * certificates too, is false, and so is what has no right form.
 */
export function isSignedBy(blob: Buffer, data: Buffer, signature: Buffer): boolean {
  try {
    const key = new WireReader(blob);
    const type = key.name();
    const proof = new WireReader(signature);
    const algorithm = proof.name();
    const value = proof.string();
    proof.end();
    if (type === "ssh-ed25519")
      return algorithm === type && verify(null, data, toEd25519(key), value);
    if (type === "ssh-rsa") return isRsaSigned({ key, algorithm, value }, data);
    if (algorithm !== type || !isCurve(type)) return false;
    const { hash, size } = CURVES[type];
    const ec = { key: toEcdsa(key, type), dsaEncoding: "ieee-p1363" } as const;
    return verify(hash, data, ec, toPairOf(value, size));
  } catch (error) {
    if (error instanceof WireError || isCryptoError(error)) return false;
    throw error;
  }
}

function isCurve(type: string): type is keyof typeof CURVES {
  return Object.hasOwn(CURVES, type);
}

function toEd25519(key: WireReader): KeyObject {
  const x = key.string();
  key.end();
  return toKey({ kty: "OKP", crv: "Ed25519", x: x.toString("base64url") });
}

function toEcdsa(key: WireReader, type: keyof typeof CURVES): KeyObject {
  const { curve, crv, size } = CURVES[type];
  if (key.name() !== curve) throw new WireError("a key of another curve");
  const point = key.string();
  key.end();
  if (point[0] !== 4 || point.length !== 1 + 2 * size) throw new WireError("no point of the curve");
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
  return toKey({ kty: "EC", crv, x: x.toString("base64url"), y: y.toString("base64url") });
}

function isRsaSigned(
  o: { readonly key: WireReader; readonly algorithm: string; readonly value: Buffer },
  data: Buffer,
): boolean {
  const [e, n] = [o.key.mpint(), o.key.mpint()];
  o.key.end();
  const hash = RSA_HASHES[o.algorithm];
  if (hash === undefined || n.length * 8 < LEAST_RSA_BITS || o.value.length > n.length)
    return false;
  const key = toKey({ kty: "RSA", e: e.toString("base64url"), n: n.toString("base64url") });
  return verify(hash, data, key, Buffer.concat([Buffer.alloc(n.length - o.value.length), o.value]));
}

/** `r` and `s`, each as long as the curve's numbers are. */
function toPairOf(value: Buffer, size: number): Buffer {
  const reader = new WireReader(value);
  const numbers = [reader.mpint(), reader.mpint()];
  reader.end();
  return Buffer.concat(
    numbers.map((number) => {
      if (number.length > size) throw new WireError("too large a number");
      return Buffer.concat([Buffer.alloc(size - number.length), number]);
    }),
  );
}

function toKey(key: Readonly<Record<string, string>>): KeyObject {
  return createPublicKey({ key, format: "jwk" });
}

/** What OpenSSL and Node say of keys that are none. */
function isCryptoError(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^ERR_(OSSL|CRYPTO)/.test(String(error.code));
}
