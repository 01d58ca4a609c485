import type { Profile } from "../../core/profile.js";
import { parseDuration } from "../parse-limits.js";
import { isPassed } from "../profile/is-passed.js";

/** What is asked of a session that goes beyond the profile it was started with. */
interface WideningAnswer {
  readonly decision: "ask";
  readonly rule: "widen";
  readonly reason: string;
}

/**
 * Whether another task in a session would get more than its profile says: variables that do not pass, or more time. What stays within it is
 * nobody's question. Values are not told. Throws `usage` for a time that is none.
 */
export function judgeWidening(
  { env, limits }: Pick<Profile, "env" | "limits">,
  asked: { readonly env: readonly string[]; readonly timeout: string | undefined },
): WideningAnswer | undefined {
  const wider = asked.env.filter((text) => !isWithin(env, text)).map((text) => toName(text));
  const time = asked.timeout === undefined ? 0 : parseDuration(asked.timeout, "--timeout");
  const isLonger = limits.time !== undefined && time > limits.time;
  if (wider.length === 0 && !isLonger) return undefined;
  const parts = [
    ...(wider.length === 0 ? [] : [`the profile does not pass ${[...new Set(wider)].join(", ")}`]),
    ...(isLonger ? [`${asked.timeout ?? ""} is more time than its limits.time`] : []),
  ];
  return {
    decision: "ask",
    rule: "widen",
    reason: `it asks for more than the session has: ${parts.join("; ")}`,
  };
}

function isWithin(env: Profile["env"], text: string): boolean {
  const name = toName(text);
  if (text === `${name}=${env.set[name] ?? ""}` && Object.hasOwn(env.set, name)) return true;
  return isPassed(env, name);
}

function toName(text: string): string {
  const equals = text.indexOf("=");
  return equals < 0 ? text : text.slice(0, equals);
}
