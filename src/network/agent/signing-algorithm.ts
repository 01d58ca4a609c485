import { WireError, WireReader } from "./wire.js";

/** SSH_AGENT_RSA_SHA2_256 and SSH_AGENT_RSA_SHA2_512: with neither an agent signs with SHA-1 (RFC 8332, section 2). */
const RSA_ALGORITHMS: ReadonlyMap<number, string> = new Map([
  [2, "rsa-sha2-256"],
  [4, "rsa-sha2-512"],
]);

/**
 * The algorithm by which an agent signs with the key `blob` where it is asked with `flags`. Undefined for what is not to be used: certificates, RSA with SHA-1,
 * flags that mean nothing for the key.
 */
export function toSigningAlgorithm(blob: Buffer, flags: number): string | undefined {
  const type = readKeyType(blob);
  if (type === "ssh-rsa") return RSA_ALGORITHMS.get(flags);
  return flags === 0 ? type : undefined;
}

/** Whether a key is one that could be used at all. */
export function isUsable(blob: Buffer): boolean {
  return readKeyType(blob) !== undefined;
}

/** Undefined: a certificate, or no key. */
function readKeyType(blob: Buffer): string | undefined {
  try {
    const type = new WireReader(blob).name();
    return /-cert-v\d+@/i.test(type) ? undefined : type;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
