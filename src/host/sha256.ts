import { createRequire } from "node:module";

type Crypto = typeof import("node:crypto");

/** The SHA-256 of `data` in hexadecimal. Loads `node:crypto` with the first call: it takes milliseconds that a start may not need. */
export function sha256Hex(data: string | Uint8Array): string {
  const require = createRequire(import.meta.url);
  const { createHash } = require("node:crypto") as Crypto;
  return createHash("sha256").update(data).digest("hex");
}
