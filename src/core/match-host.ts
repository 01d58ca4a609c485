import { isSameHost } from "./host-name.js";
import { isBelow } from "./path-prefix.js";
import type { HostRule } from "./send.js";

/** Where a rule says nothing of ports. */
export const USUAL_PORTS: readonly number[] = [80, 443];

/** Whether a canonical host is meant by `HostRule.host`, or an entry of `NetworkPolicy.inspect`. `*.suffix` does not mean the suffix itself. */
export function matchesHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith("*.")) return isSameHost(pattern, host);
  const suffix = pattern.slice(1);
  return host.length > suffix.length && host.endsWith(suffix);
}

/** Whether a rule is about a place. */
export function matchesPlace(
  rule: HostRule,
  { host, port }: { readonly host: string; readonly port: number },
): boolean {
  return matchesHost(rule.host, host) && (rule.ports ?? USUAL_PORTS).includes(port);
}

/** Whether a rule is of some methods or paths alone. */
export function isLimited({ methods, paths }: HostRule): boolean {
  return methods !== undefined || paths !== undefined;
}

/** Whether a request that is seen fits a rule's methods and paths. */
export function matchesRequest(
  { methods, paths }: HostRule,
  { method, path }: { readonly method: string; readonly path: string },
): boolean {
  if (methods !== undefined && !methods.includes(method)) return false;
  return paths === undefined || paths.some((prefix) => isBelow(path, prefix));
}
