import { USUAL_PORTS } from "../../core/match-host.js";
import type { NetworkPolicy } from "../../core/send.js";

/** The ports at which the gateway takes connections of programs that know no proxy: the usual ones and each that a rule names; ascending. */
export function toDirectPorts({ allow, sshAgent = [] }: NetworkPolicy): readonly number[] {
  const named = [...allow.flatMap((rule) => rule.ports ?? []), ...sshAgent.map(({ port }) => port)];
  const ports = new Set([...USUAL_PORTS, ...named]);
  return [...ports].toSorted((a, b) => a - b);
}
