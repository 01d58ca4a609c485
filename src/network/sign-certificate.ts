import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { parseIp } from "../core/ip-address.js";
import {
  bitString,
  der,
  integer,
  objectId,
  octetString,
  sequence,
  TRUE,
  time,
  utf8String,
} from "./der.js";

/** What a certificate says. Keys are of EC P-256. */
export interface CertificateFacts {
  readonly subject: string;
  /** A canonical host; absent is an authority's own certificate. */
  readonly host?: string;
  readonly publicKey: KeyObject;
  readonly issuer: {
    readonly subject: string;
    readonly publicKey: KeyObject;
    readonly privateKey: KeyObject;
  };
}

const DAY_MS = 86_400_000;
/** Clocks inside may be behind. */
const BEFORE_DAYS = 1;
const AFTER_DAYS = 90;
const ECDSA_WITH_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));

/** A certificate (RFC 5280, version 3) as PEM. */
export function signCertificate(facts: CertificateFacts): string {
  const now = Date.now();
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    toName(facts.issuer.subject),
    sequence(time(new Date(now - BEFORE_DAYS * DAY_MS)), time(new Date(now + AFTER_DAYS * DAY_MS))),
    toName(facts.subject),
    toSpki(facts.publicKey),
    der(0xa3, sequence(...toExtensions(facts))),
  );
  const signature = sign("sha256", body, facts.issuer.privateKey);
  return toPem(sequence(body, ECDSA_WITH_SHA256, bitString(signature)));
}

function toExtensions({ host, publicKey, issuer }: CertificateFacts): readonly Buffer[] {
  const keys = [
    extension("2.5.29.14", octetString(toKeyId(publicKey))),
    extension("2.5.29.35", sequence(der(0x80, toKeyId(issuer.publicKey)))),
  ];
  if (host === undefined)
    return [
      // An authority, of leaves only, that signs certificates.
      extension("2.5.29.19", sequence(TRUE, integer(Buffer.from([0]))), TRUE),
      extension("2.5.29.15", bitString(Buffer.from([0x04]), 2), TRUE),
      ...keys,
    ];
  return [
    extension("2.5.29.19", sequence(), TRUE),
    // Signs handshakes, of servers.
    extension("2.5.29.15", bitString(Buffer.from([0x80]), 7), TRUE),
    extension("2.5.29.37", sequence(objectId("1.3.6.1.5.5.7.3.1"))),
    extension("2.5.29.17", sequence(toGeneralName(host))),
    ...keys,
  ];
}

function extension(id: string, value: Buffer, critical?: Buffer): Buffer {
  return sequence(objectId(id), ...(critical === undefined ? [] : [critical]), octetString(value));
}

function toGeneralName(host: string): Buffer {
  const address = parseIp(host);
  if (address === undefined) return der(0x82, Buffer.from(host));
  const digits = address.version === 4 ? 8 : 32;
  return der(0x87, Buffer.from(address.bits.toString(16).padStart(digits, "0"), "hex"));
}

function toName(common: string): Buffer {
  return sequence(der(0x31, sequence(objectId("2.5.4.3"), utf8String(common))));
}

function toSpki(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

/** RFC 5280, 4.2.1.2: any value that is the key's own will do. */
function toKeyId(key: KeyObject): Buffer {
  return createHash("sha256").update(toSpki(key)).digest().subarray(0, 20);
}

function toPem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
