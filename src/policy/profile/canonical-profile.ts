import { createHash } from "node:crypto";
import { SandboxError } from "../../core/error.js";
import { toDigest } from "../../core/ids.js";
import type { FrozenProfile, Profile } from "../../core/profile.js";

/** A profile as a session keeps it: keys in order, no spaces, and the SHA-256 of that text in UTF-8. */
export function freezeProfile(name: string, profile: Profile): FrozenProfile {
  const canonical = toCanonicalJson(profile);
  return { name, digest: digestOf(canonical), canonical };
}

/** The inverse. Throws `damaged` where the text is not the one that was digested. */
export function thawProfile({ name, digest, canonical }: FrozenProfile): Profile {
  if (digestOf(canonical) !== digest)
    throw new SandboxError("damaged", `the profile ${name} of this session was altered`, {
      hint: "nothing was done; discard the session and run its task again",
    });
  return JSON.parse(canonical) as Profile;
}

function digestOf(text: string): FrozenProfile["digest"] {
  return toDigest(createHash("sha256").update(text, "utf8").digest("hex"));
}

/** JSON with the keys of every object in code-unit order. */
function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
