import { createRequire } from "node:module";

type Crypto = typeof import("node:crypto");

const require = createRequire(import.meta.url);

/** The SHA-256 of `data` in hexadecimal. Loads `node:crypto` with the first call: it takes milliseconds that a start may not need. */
export function sha256Hex(data: string | Uint8Array): string {
  return loadCrypto().createHash("sha256").update(data).digest("hex");
}

/** `node:crypto`, read when it is first needed. */
export function loadCrypto(): Crypto {
  return require("node:crypto") as Crypto;
}
