import { isSameHost } from "../../core/host-name.js";

/** Whether a canonical host is meant by `HostRule.host`, or an entry of `NetworkPolicy.inspect`. `*.suffix` does not mean the suffix itself. */
export function matchesHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith("*.")) return isSameHost(pattern, host);
  const suffix = pattern.slice(1);
  return host.length > suffix.length && host.endsWith(suffix);
}
