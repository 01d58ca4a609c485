import type { Profile } from "../core/profile.js";
import type { SessionRecord } from "../core/session.js";
import { thawProfile } from "../policy/profile/canonical-profile.js";
import { DEFAULT_PROFILE } from "../policy/profile/default-profile.js";

/**
 * The profile a session was started with; undefined for the built-in default, which says nothing of its own. Throws `damaged`
 * where it was altered since.
 */
export function readSessionProfile({
  profile,
}: Pick<SessionRecord, "profile">): Profile | undefined {
  if (profile === undefined || profile.canonical === DEFAULT_PROFILE.canonical) return undefined;
  return thawProfile(profile);
}
