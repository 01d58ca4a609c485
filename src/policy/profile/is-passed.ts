import type { Profile } from "../../core/profile.js";

/** Whether a profile names a variable, or a beginning of names, among those that pass; see `Profile.env`. */
export function isPassed({ pass }: Pick<Profile["env"], "pass">, name: string): boolean {
  return pass.some(
    (one) => one === name || (one.endsWith("*") && name.startsWith(one.slice(0, -1))),
  );
}
