import type { SshAgentRule } from "../../core/send.js";

/** A rule, with the keys that prove a server to be its host. */
export interface AgentPlace {
  readonly rule: SshAgentRule;
  readonly hostKeys: readonly Buffer[];
}

/** One signature that a task wants, for one login: nothing of it has been signed yet. */
export interface AgentSignature {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The fingerprint of the person's key. */
  readonly key: string;
  /** Every rule that fits it wants it asked about, or one of them does. */
  readonly mustAsk: boolean;
}

/** The places that a host key proves a server to be. */
export function findPlaces(places: readonly AgentPlace[], hostKey: Buffer): readonly AgentPlace[] {
  return places.filter(({ hostKeys }) => hostKeys.some((one) => one.equals(hostKey)));
}

/** Whether one of the places lets a key be used, by its fingerprint. */
export function mayUse(places: readonly AgentPlace[], key: string): boolean {
  return places.some(({ rule }) => rule.keys?.includes(key) ?? true);
}

/** The signature for a login of `user` with `key` at one of the places; undefined where no rule lets it be. The strictest that fits counts. */
export function toSignature(
  places: readonly AgentPlace[],
  { user, key }: { readonly user: string; readonly key: string },
): AgentSignature | undefined {
  const fitting = places
    .map(({ rule }) => rule)
    .filter(({ users, keys }) => (users?.includes(user) ?? true) && (keys?.includes(key) ?? true));
  const [first] = fitting;
  if (first === undefined) return undefined;
  const mustAsk = fitting.some(({ decision }) => decision === "ask");
  return { host: first.host, port: first.port, user, key, mustAsk };
}
