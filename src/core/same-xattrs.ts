import type { Xattrs } from "./change.js";

/** True where both have the same names with the same values; none is as good as empty. */
export function isSameXattrs(a: Xattrs = {}, b: Xattrs = {}): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
