import type { SecretRule } from "../../core/profile.js";
import type { ProfileDocument } from "./document-schema.js";
import { toHostRule } from "./to-network.js";

/** Where nothing is said of it a secret goes into headers and Basic credentials, where nearly all are. */
export const USUAL_PLACES = ["header", "basic"] as const;

/** The secrets that a document names, in canonical form. The document has been checked. */
export function toSecrets(
  secrets: NonNullable<ProfileDocument["secrets"]>,
): Readonly<Record<string, SecretRule>> {
  return Object.fromEntries(
    Object.entries(secrets).map(([name, { from, hosts, in: places, optional }]) => [
      name,
      {
        from,
        hosts: hosts.map(toHostRule),
        in: places ?? USUAL_PLACES,
        ...(optional === true ? { optional } : {}),
      },
    ]),
  );
}
