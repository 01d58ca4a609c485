import { toAddressClass } from "../../core/address-class.js";
import { parseIp } from "../../core/ip-address.js";
import {
  isLimited,
  matchesHost,
  matchesPlace,
  matchesRequest,
  USUAL_PORTS,
} from "../../core/match-host.js";
import { renderPlace } from "../../core/render-place.js";
import type { HostRule, NetworkPolicy, Send, SendVerdict } from "../../core/send.js";
import { isOpenTo } from "./may-reach.js";
import { parseHostRule } from "./parse-host-rule.js";
import { renderHostRule } from "./render-host-rule.js";

/**
 * Whether one send may go. Rules only ever add: their order never matters. The addresses of an allowed name are the gateway's to check
 * (`mayBePrivate`); an address that was asked for as such is checked here.
 */
export function judgeSend(policy: NetworkPolicy, send: Send): SendVerdict {
  const there = policy.allow.filter((rule) => matchesPlace(rule, send));
  const isInspected = policy.inspect.some((pattern) => matchesHost(pattern, send.host));
  const fitting = there
    .filter((rule) => isForRequest(rule, send, isInspected))
    .toSorted(bySharpness);
  const [best] = fitting;
  if (best !== undefined)
    return {
      decision: "allow",
      rule: renderHostRule(best),
      mayBePrivate: fitting.some((rule) => rule.private === true || isLiteral(rule.host)),
      inspect: isInspected,
      ...(isOpenTo(policy, send) || !fitting.every(isLimited) ? {} : { isLimited: true }),
    };
  if (isOpenTo(policy, send))
    return { decision: "allow", mayBePrivate: false, inspect: isInspected };
  return toDenial(policy, send, there);
}

/** An address or `localhost`: whoever wrote it knows what it is. */
function isLiteral(pattern: string): boolean {
  return pattern === "localhost" || parseIp(pattern) !== undefined;
}

/** A rule of methods or paths fits what can be seen of a request, or a tunnel of which they will be seen. */
function isForRequest(rule: HostRule, { method, path }: Send, isInspected: boolean): boolean {
  if (!isLimited(rule)) return true;
  if (method === undefined || path === undefined) return isInspected;
  return matchesRequest(rule, { method, path });
}

/** What is named exactly first, then the longer, then by the letters: so that a log says the same each time. */
function bySharpness(a: HostRule, b: HostRule): number {
  const wild = Number(a.host.startsWith("*")) - Number(b.host.startsWith("*"));
  const length = b.host.length - a.host.length;
  return wild || length || (renderHostRule(a) < renderHostRule(b) ? -1 : 1);
}

function toDenial(policy: NetworkPolicy, send: Send, there: readonly HostRule[]): SendVerdict {
  const place = renderPlace(send.host, send.port);
  const [limited] = there.toSorted(bySharpness);
  if (limited !== undefined) {
    const rule = renderHostRule(limited);
    const reason =
      send.method === undefined
        ? `${place} is only allowed for some requests (${rule}), which cannot be seen inside a tunnel; add ${send.host} to inspect`
        : `${send.method} ${send.path ?? ""} at ${place} is not what is allowed (${rule})`;
    return { decision: "deny", rule, reason };
  }
  const known = policy.allow.filter((rule) => matchesHost(rule.host, send.host));
  const [sameHost] = known.toSorted(bySharpness);
  const ports = sameHost === undefined ? "" : ` (only ${renderHostRule(sameHost)} is)`;
  return { decision: "deny", reason: `${place} is not allowed${ports}; ${toAdvice(send)}` };
}

/** Only what `--allow` takes is advised. */
function toAdvice(send: Send): string {
  const text = toAllowed(send);
  const parsed = parseHostRule(text);
  if (!("problem" in parsed)) return `--allow ${text} would allow it`;
  const address = parseIp(send.host);
  if (address === undefined || toAddressClass(address) !== "unspecified") return parsed.problem;
  const own = toAllowed({ ...send, host: "localhost" });
  return `for this machine say localhost, which --allow ${own} would allow`;
}

function toAllowed({ host, port }: Pick<Send, "host" | "port">): string {
  return renderPlace(host, USUAL_PORTS.includes(port) ? undefined : port);
}
