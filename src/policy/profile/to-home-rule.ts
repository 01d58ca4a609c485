import type { HomeRule } from "../../core/profile.js";
import type { ProfileDocument } from "./document-schema.js";
import { toHostRule } from "./to-network.js";
import { USUAL_PLACES } from "./to-secrets.js";

/** An entry of a document's `home` in canonical form. The document has been checked. */
export function toHomeRule(rule: NonNullable<ProfileDocument["home"]>[number]): HomeRule {
  const { path, mode, keys, hosts = [], in: places = USUAL_PLACES } = rule;
  return {
    ...{ path, mode, hosts: hosts.map(toHostRule), in: places },
    ...(keys === undefined ? {} : { keys }),
  };
}
