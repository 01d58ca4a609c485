import { toDigest } from "../../core/ids.js";
import type { FrozenProfile } from "../../core/profile.js";

/**
 * `profiles/default.yaml`, resolved and frozen, so that a run without a profile reads and parses none. A test compares the two.
 */
export const DEFAULT_PROFILE: FrozenProfile = {
  name: "default",
  digest: toDigest("1dd3b4cd2416e5fcfeafbef8e0ef6617dd3d738f6f45a261819cd2be3987a1c9"),
  canonical:
    '{"budgets":{},"changes":[],"commands":{"default":"allow","rules":[]},"env":{"pass":["TERM","COLORTERM","NO_COLOR","FORCE_COLOR","CLICOLOR","CLICOLOR_FORCE","LANG","LANGUAGE","TZ","LC_*"],"set":{}},"exec":"allowed","limits":{},"network":{"allow":[],"mode":"none"},"paths":[{"mode":"overlay","path":"."}],"scope":{"commit":[],"deny":[],"outside":"ask"},"seccomp":"default","sources":["built-in:base","built-in:default"],"user":{"groups":[]},"version":1}',
};
