import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { signCertificate } from "./sign-certificate.js";

/** Signs for the hosts whose TLS is inspected. Its key is in memory alone, and ends with the gateway. */
export interface SessionAuthority {
  /** Its certificate, for whoever is to trust it: inside the sandbox, and nowhere else. */
  readonly pem: string;
  /** What a server that is taken for `host` shows. */
  contextFor(host: string): SecureContext;
}

/** RFC 5280, ub-common-name. */
const LONGEST_NAME = 64;
const MOST_CONTEXTS = 256;

/** A new authority, and one key for all the hosts that it signs for. */
export function openSessionAuthority(): SessionAuthority {
  const own = makeKeys();
  const issuer = { subject: "sandbox: this session's own authority", ...own };
  const pem = signCertificate({ subject: issuer.subject, publicKey: own.publicKey, issuer });
  const leaf = makeKeys();
  const key = leaf.privateKey.export({ type: "pkcs8", format: "pem" });
  const contexts = new Map<string, SecureContext>();
  return {
    pem,
    contextFor: (host) => {
      const known = contexts.get(host);
      if (known !== undefined) return known;
      if (contexts.size >= MOST_CONTEXTS) contexts.clear();
      const subject = host.length > LONGEST_NAME ? "sandbox" : host;
      const cert = signCertificate({ subject, host, publicKey: leaf.publicKey, issuer });
      const context = createSecureContext({ key, cert, minVersion: "TLSv1.2" });
      contexts.set(host, context);
      return context;
    },
  };
}

function makeKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}
