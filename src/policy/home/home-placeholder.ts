import { toPlaceholder } from "../network/to-placeholder.js";

/** A JSON Web Token (RFC 7519): what programs read of it is in its first two parts, and it is worth nothing without the third. */
const JWT = /^(eyJ[\w-]+\.eyJ[\w-]+\.)([\w-]{16,})$/;

/** As `toPlaceholder`; of a JSON Web Token only the signature is replaced, since programs read who they are from it. */
export function toHomePlaceholder(value: string, random: string): string {
  const [, claims, signature] = JWT.exec(value) ?? [];
  if (claims === undefined || signature === undefined) return toPlaceholder(value, random);
  return claims + toPlaceholder(signature, random);
}
