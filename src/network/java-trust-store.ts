import { createHash } from "node:crypto";

/** Of the format JKS, which every Java reads: `sun.security.provider.JavaKeyStore`. Numbers are big-endian. */
const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED_CERTIFICATE = 2;
/** The digest at the end begins with a password and this. Certificates are no secret: the password is the one that Java's own store has. */
const PASSWORD = Buffer.from("changeit", "utf16le").swap16();
const WHITENER = "Mighty Aphrodite";

/**
 * The certificates of a PEM bundle as a trust store of Java, each once. Pure. What is no X.509 certificate is left to Java, which refuses a store with such a
 * one in it; text between them, and blocks of other names, are left out.
 */
export function toJavaTrustStore(pem: string): Buffer {
  const certificates = [...new Set(readBase64(pem))];
  const entries = certificates.flatMap((base64, index) => {
    const certificate = Buffer.from(base64, "base64");
    return [
      ...[number(TRUSTED_CERTIFICATE), text(`c${index}`), DATE, text("X.509")],
      ...[number(certificate.length), certificate],
    ];
  });
  const body = Buffer.concat([
    ...[number(MAGIC), number(VERSION), number(certificates.length)],
    ...entries,
  ]);
  const digest = createHash("sha1").update(PASSWORD).update(WHITENER).update(body).digest();
  return Buffer.concat([body, digest]);
}

/** When it was taken in, milliseconds since 1970: nobody asks. */
const DATE = Buffer.alloc(8);

const BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

function readBase64(pem: string): readonly string[] {
  return [...pem.matchAll(BLOCK)].map(([, base64 = ""]) => base64.replace(/\s+/g, ""));
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** ASCII, as Java's `writeUTF` has it. */
function text(value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length);
  return Buffer.concat([length, Buffer.from(value, "ascii")]);
}
