import type { ProfileNetwork } from "../../core/profile.js";
import type { HostRule } from "../../core/send.js";
import { parseHostMapping, type WrittenRule } from "../network/parse-host-mapping.js";
import { parseRuleHost } from "../network/parse-host-rule.js";
import type { ProfileDocument } from "./document-schema.js";

/** The network that a document says, in canonical form. The document has been checked. */
export function toNetwork(network: NonNullable<ProfileDocument["network"]>): ProfileNetwork {
  const { mode, allow = [], inspect } = network;
  return {
    mode,
    allow: allow.map(toHostRule),
    ...(inspect === undefined ? {} : { inspect: inspect.map(toHost) }),
  };
}

/** A rule that has been checked. */
export function toHostRule(written: WrittenRule): HostRule {
  const parsed = parseHostMapping(written);
  if ("problem" in parsed) throw new Error(`a rule was not checked: ${parsed.problem}`);
  return parsed.rule;
}

function toHost(text: string): string {
  const parsed = parseRuleHost(text);
  if ("problem" in parsed) throw new Error(`a host was not checked: ${parsed.problem}`);
  return parsed.host;
}
